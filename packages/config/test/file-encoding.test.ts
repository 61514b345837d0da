import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readConfig, readLegacyTable } from '../src/index.js'
import { folderWith } from '@commloop/test-support/temporary-folder'

const TEXT = 'node: n # Ofen läuft\nlinks:\n  - { id: 炉一, role: active, ip: 10.0.0.1, port: 1 }\n'
/** 炉一 in GBK. These bytes are valid UTF-8. */
const GBK_ID = [0xc2, 0xaf, 0xd2, 0xbb]
/** 运行 in GBK. */
const GBK_WORD = [0xd4, 0xcb, 0xd0, 0xd0]

function bytesOf(...parts: (string | readonly number[])[]): Buffer {
  return Buffer.concat(
    parts.map((part) =>
      typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part),
    ),
  )
}

async function reading(bytes: Buffer, env: Record<string, string> = {}) {
  const cwd = folderWith({})
  writeFileSync(join(cwd, '.commlooprc'), bytes)
  return await readConfig({ cwd, env })
}

async function problemOf(bytes: Buffer): Promise<string> {
  const result = await reading(bytes)
  if (result.ok) throw new Error('the file was accepted')
  expect(result.problems).toHaveLength(1)
  const [problem] = result.problems
  return `${String(problem?.line)}:${String(problem?.column)} ${String(problem?.message)}`
}

describe('a configuration in another encoding', () => {
  it('GBK is rejected at the first byte, with its name', async () => {
    const bytes = bytesOf(
      'links:\n  - { id: ',
      GBK_WORD,
      ', role: active, ip: 10.0.0.1, port: 1 }\n',
    )
    expect(await problemOf(bytes)).toBe(
      '2:11 byte 18 (0xD4) is not UTF-8; the file seems to be in GBK. Save the file as UTF-8',
    )
  })

  it('GBK is rejected if its bytes happen to be UTF-8 too', async () => {
    const bytes = bytesOf('links:\n  - { id: ', GBK_ID, ', role: active, ip: 10.0.0.1, port: 1 }\n')
    expect(await problemOf(bytes)).toBe(
      '2:11 the file seems to be in GBK: this would be "¯һ" as UTF-8, and "炉一" as GBK. ' +
        'Save the file as UTF-8, with a byte order mark if it already is',
    )
    const marked = await reading(Buffer.concat([Buffer.from('\ufeff'), bytes]))
    expect(marked.ok).toBe(true)
  })

  it('Windows-1252 is rejected even inside a comment', async () => {
    const bytes = bytesOf('node: n # Ofen l', [0xe4], 'uft\nlinks: []\n')
    expect(await problemOf(bytes)).toBe(
      '1:17 byte 17 (0xE4) is not UTF-8; the file seems to be in Windows-1252 or Latin-1. Save the file as UTF-8',
    )
  })

  it.each([
    ['UTF-16', bytesOf([0xff, 0xfe], [...Buffer.from(TEXT, 'utf16le')])],
    ['UTF-16', bytesOf([0xfe, 0xff], [...Buffer.from(TEXT, 'utf16le').swap16()])],
    ['UTF-16', Buffer.from(TEXT, 'utf16le')],
    ['UTF-32', bytesOf([0xff, 0xfe, 0, 0, 0x6e, 0, 0, 0])],
  ])('%s is rejected with its name', async (name, bytes) => {
    expect(await problemOf(bytes)).toBe(`1:1 the file is in ${name}. Save the file as UTF-8`)
  })

  it('counts a byte that follows U+FFFD and a byte order mark correctly', async () => {
    const bytes = Buffer.concat([
      Buffer.from('\ufeffnode: "\ufffd'),
      bytesOf([0x80], '"\nlinks: []'),
    ])
    expect(await problemOf(bytes)).toMatch(/^1:9 byte 14 \(0x80\) is not UTF-8/)
  })
})

describe('a configuration in UTF-8', () => {
  it.each([
    ['a byte order mark', Buffer.from(`\ufeff${TEXT}`)],
    ['CR LF', Buffer.from(TEXT.replaceAll('\n', '\r\n'))],
    [
      'French, Russian and Greek words',
      Buffer.from(
        `${TEXT.split('\n', 1)[0] ?? ''} «é» да αβγ °C\n${TEXT.slice(TEXT.indexOf('\n') + 1)}`,
      ),
    ],
    ['the character U+FFFD', Buffer.from(TEXT.replace('# Ofen', '# \ufffd'))],
  ])('may have %s', async (_what, bytes) => {
    const result = await reading(bytes)
    expect(result.ok && result.config.node.entries[0]?.id).toBe('炉一')
  })

  it('shows the position of a mistake without the byte order mark', async () => {
    expect(await problemOf(Buffer.from('\ufeffnodes: n\nlinks: []\n'))).toMatch(/^1:1 unknown key/)
  })
})

describe('other texts', () => {
  it('of the environment are rejected if Node could not decode them', async () => {
    const result = await reading(Buffer.from('node: ${NAME}\nlinks: []\n'), { NAME: 'a\ufffdb' })
    expect(result.ok ? [] : result.problems.map(({ message }) => message)).toEqual([
      'the value of the environment variable NAME is not UTF-8',
    ])
  })

  it('of a legacy table are rejected', () => {
    const table = readLegacyTable('table.json', bytesOf('[{ "ip": "', GBK_WORD, '" }]'))
    expect(table.ok ? [] : table.problems.map(({ message }) => message)).toEqual([
      expect.stringContaining('is not UTF-8; the file seems to be in GBK') as string,
    ])
  })
})
