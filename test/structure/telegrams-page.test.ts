import { FIELD_TYPES, framing, type LayoutField } from '@commloop/framings'
import { runCli } from '@commloop/test-support/cli-process'
import { describe, expect, it } from 'vitest'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { RunningNode } from '../e2e/running-node.js'
import { codeBlocks, namedBlocks, tableRows, withoutCode } from './page.js'
import { onLoopback, pageFolder, runProgram } from './page-run.js'
import { textOf } from './source-tree.js'

cleanUpAfterEach()

const ENGLISH = textOf('docs/telegrams.md')
const CHINESE = textOf('docs/zh-CN/telegrams.md')
const BLOCKS = namedBlocks(ENGLISH)

/** The cells that do not depend on the language: those in inline code, and numbers. */
function namesIn(text: string): string[][] {
  const rows = withoutCode(text)
    .split('\n')
    .filter((line) => line.startsWith('|'))
  return rows.map((row) => row.match(/`[^`]+`|(?<![\w`])\d+(?![\w`])/g) ?? [])
}

function fieldRows(page: string, head: readonly string[], language: 'text' | 'textZh') {
  const expected = ['telegram-40', 'telegram-29'].flatMap((name) => {
    const layout: readonly LayoutField[] = framing(name)?.layout ?? []
    return layout.map((field) => [field.name, String(field.bytes), field.type, field[language]])
  })
  return { shown: tableRows(page, head), expected }
}

describe('docs/telegrams.md', () => {
  it('shows the fields of both headers, in English and in Chinese', () => {
    const english = fieldRows(ENGLISH, ['field', 'bytes', 'type', 'meaning'], 'text')
    expect(english.shown).toEqual(english.expected)
    const chinese = fieldRows(CHINESE, ['字段', '字节数', '类型', '含义'], 'textZh')
    expect(chinese.shown).toEqual(chinese.expected)
  })

  it('lists every type of field', () => {
    const rows = tableRows(ENGLISH, ['type', 'bytes', 'value'])
    expect(rows.map(([type]) => type)).toEqual([...FIELD_TYPES])
  })

  it('has the same code, headings and names in Chinese', () => {
    expect(codeBlocks(ENGLISH).length).toBeGreaterThan(5)
    expect(codeBlocks(CHINESE)).toEqual(codeBlocks(ENGLISH))
    expect(namesIn(CHINESE)).toEqual(namesIn(ENGLISH))
    const headings = (text: string) => withoutCode(text).match(/^#+ /gm)
    expect(headings(CHINESE)).toEqual(headings(ENGLISH))
    for (const section of withoutCode(CHINESE)
      .split(/^#+ .*$/m)
      .slice(1)) {
      expect(section).toMatch(/\p{Script=Han}{6}/u)
    }
  })

  it('has configurations that check accepts', async () => {
    const [config = ''] = BLOCKS.get('.commlooprc') ?? []
    const cut = codeBlocks(ENGLISH).find(({ code }) => code.startsWith('codec:'))?.code ?? ''
    const withCut = config.replace(/^codec: .*\n/m, cut)
    expect(withCut).toContain('datetime')
    for (const text of [config, withCut]) {
      const { code, stderr } = await runCli(['check'], { cwd: pageFolder({ '.commlooprc': text }) })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    }
  })

  it('has a router and a program that work', async () => {
    const [router = ''] = BLOCKS.get('router.mjs') ?? []
    const [program = ''] = BLOCKS.get('telegram.mjs') ?? []
    const codec = 'codec: { use: telegram-40, fields: { sender: L2, receiver: L3 } }'
    const node = await RunningNode.startIn(
      pageFolder({
        'router.mjs': router,
        '.commlooprc': onLoopback(
          `${codec}\nlisten: { host: 127.0.0.1, port: 8000 }\nrouter: ./router.mjs\nlinks:\n` +
            '  - { id: mes, role: passive, ip: 127.0.0.1 }\n  - { id: furnace, role: passive, ip: 127.0.0.2 }\n',
        ),
      }),
    )
    expect(runProgram(pageFolder({ 'telegram.mjs': program }), 'telegram.mjs')).toBe('1\n')
    const telegram = (id: string): string =>
      Buffer.from(`0041${id}20250929101112L2L3000001        x`).toString('base64')
    node.process.send({ base64: telegram('AA01'), id: 'mes', ttl: 1 })
    node.process.send({ base64: telegram('FU01'), id: 'furnace', ttl: 1 })
    const outcomes = [await node.outcome('mes'), await node.outcome('furnace')]
    expect(outcomes.map(({ id, link }) => [id, link])).toEqual([
      ['mes', 'mes'],
      ['furnace', 'furnace'],
    ])
  })
})
