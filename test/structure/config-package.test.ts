import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { freePort } from '@commloop/test-support/free-port'
import { eventually } from '../peer/eventually.js'
import { codeBlocks, namedBlocks } from './page.js'
import { pageFolder } from './page-run.js'
import { pathOf, textOf } from './source-tree.js'

const BLOCKS = namedBlocks(textOf('packages/config/README.md'))
const [NODE = ''] = BLOCKS.get('node.mjs') ?? []
const [CHECK = ''] = BLOCKS.get('check.mjs') ?? []

interface End {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(cwd: string, args: readonly string[]): End {
  const options = { cwd, encoding: 'utf8', timeout: 60_000 } as const
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options)
  return { status, stdout, stderr }
}

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

describe('packages/config/README.md', () => {
  it('has a program that starts a node, reloads it, and stops it', async () => {
    const port = String(await freePort())
    const table = (id: string): string =>
      `listen: { host: 127.0.0.1, port: ${port} }\nlinks: [{ id: ${id}, role: passive, ip: 127.0.0.9 }]\n`
    const folder = pageFolder({ '.commlooprc': table('first'), 'node.mjs': NODE })
    const child = spawn(process.execPath, ['node.mjs'], { cwd: folder })
    children.push(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    }
    const exit = new Promise((resolve) => child.once('exit', resolve))
    const seen = (text: string): Promise<unknown> =>
      eventually(
        text,
        () => output.includes(text),
        () => output,
      )
    await seen(`127.0.0.1:${port}`)
    writeFileSync(join(folder, '.commlooprc'), table('second'))
    child.kill('SIGHUP')
    await seen('1 added, 1 removed')
    child.kill('SIGTERM')
    expect(await exit, output).toBe(0)
  })

  it('has a program that prints the ids of a table, or its mistakes', () => {
    const folder = pageFolder({
      'check.mjs': CHECK,
      'good.yaml':
        'links: [{ id: a, role: active, ip: 10.0.0.1, port: 1 }]\nrouter: ./absent.mjs\n',
      'bad.yaml': 'links: [{ id: a, role: active, ip: 10.0.0.1 }]\n',
    })
    expect(run(folder, ['check.mjs', 'good.yaml']).stdout).toBe('a\n')
    expect(run(folder, ['check.mjs', 'bad.yaml']).stdout).toContain('bad.yaml:1:9  links[0].port: ')
  })
})

describe('examples/validate-tables', () => {
  const EXAMPLE = 'examples/validate-tables'

  function exampleFolder(): string {
    const folder = pageFolder({})
    cpSync(pathOf(EXAMPLE), folder, { recursive: true })
    return folder
  }

  it('prints the lines of its page, and exits with 1', () => {
    const [, { code: lines } = { code: '' }] = codeBlocks(textOf(`${EXAMPLE}/README.md`))
    expect(run(exampleFolder(), ['validate-tables.mjs', 'tables'])).toEqual({
      status: 1,
      stdout: lines,
      stderr: '3 tables, 3 mistakes\n',
    })
  })

  it('exits with 0 if all tables are valid, and with 2 without a folder', () => {
    const folder = exampleFolder()
    writeFileSync(join(folder, 'tables', 'west.yaml'), 'links: []\n')
    expect(run(folder, ['validate-tables.mjs', 'tables'])).toEqual({
      status: 0,
      stdout: '',
      stderr: '3 tables, 0 mistakes\n',
    })
    expect(run(folder, ['validate-tables.mjs'])).toMatchObject({ status: 2, stdout: '' })
  })

  it('reports a file that cannot be read as a mistake of that file', () => {
    const folder = exampleFolder()
    writeFileSync(join(folder, 'tables', 'west.yaml'), `# ${'x'.repeat(2 ** 20)}`)
    const { status, stdout } = run(folder, ['validate-tables.mjs', 'tables'])
    expect(status).toBe(1)
    expect(stdout).toBe(
      'tables/west.yaml:1:1 tables/west.yaml exceeds the 1MiB configuration size limit\n',
    )
  })
})
