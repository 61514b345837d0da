import { existsSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { checkConfig } from '../../src/analysis/explanation/check-config.js'
import { loadConfig } from '@commloop/config'
import { writeFirstConfig } from '../../src/init/write-first-config.js'
import { folderWith } from '@commloop/test-support/temporary-folder'

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** `answers`: lines that a user types at a terminal, before the end of the input. */
async function init(
  cwd: string,
  { from, answers }: { from?: string; answers?: readonly string[] } = {},
): Promise<Outcome> {
  let stdout = ''
  let stderr = ''
  const stdin = Object.assign(new PassThrough(), { isTTY: answers !== undefined })
  stdin.end(answers === undefined ? 'not read' : answers.map((line) => `${line}\n`).join(''))
  const io = {
    stdin,
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
  }
  return { code: await writeFirstConfig({ cwd, from }, io), stdout, stderr }
}

function written(cwd: string): string {
  return readFileSync(join(cwd, '.commlooprc'), 'utf8')
}

async function passesCheck(cwd: string): Promise<void> {
  let stderr = ''
  const io = {
    stdout: { write: () => true },
    stderr: { write: (text: string) => (stderr += text) },
  }
  const code = await checkConfig({ cwd, env: {}, json: false }, io)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
}

describe('commloop init', () => {
  it('writes a commented configuration that passes `check`', async () => {
    const cwd = folderWith({})
    expect(await init(cwd)).toEqual({
      code: 0,
      stdout: `wrote ${join(cwd, '.commlooprc')} with 1 entry; \`commloop check\` explains it\n`,
      stderr: '',
    })
    await passesCheck(cwd)
    expect(written(cwd).split('\n')[0]).toBe(
      '# yaml-language-server: $schema=./node_modules/commloop/schema.json',
    )
    expect(statSync(join(cwd, '.commlooprc')).mode & 0o022).toBe(0)
  })

  it('writes commented examples that pass `check` when uncommented', async () => {
    const cwd = folderWith({})
    await init(cwd)
    const open = written(cwd)
      .replaceAll(/^ {2}# -/gm, '  -')
      .replace(/^# node:/m, 'node:')
      .replace(/^# relay:/m, 'relay:')
    const other = folderWith({ '.commlooprc': open })
    await passesCheck(other)
    const { options } = await loadConfig({ cwd: other, env: {} })
    expect(options.links.map(({ id }) => id)).toEqual([
      'local',
      'furnace-in',
      'furnace-out',
      'mes',
      'cell',
      'anyone',
    ])
  })

  it.each([
    ['.commlooprc', 'links: []'],
    ['.commlooprc.yaml', ''],
    ['package.json', '{ "commloop": {} }'],
  ])('never writes if there is a configuration: %s', async (name, text) => {
    const cwd = folderWith({ [name]: text })
    expect(await init(cwd)).toEqual({
      code: 2,
      stdout: '',
      stderr: `${join(cwd, name)} already exists; nothing was written\n`,
    })
    expect(readFileSync(join(cwd, name), 'utf8')).toBe(text)
    expect(existsSync(join(cwd, '.commlooprc'))).toBe(name === '.commlooprc')
  })

  it('does not write if there is a configuration that is code', async () => {
    const cwd = folderWith({ 'commloop.config.js': '' })
    const { code, stderr } = await init(cwd)
    expect(code).toBe(2)
    expect(stderr).toMatch(/^CML_ERR_CONFIG_CODE: commloop\.config\.js is code/)
    expect(existsSync(join(cwd, '.commlooprc'))).toBe(false)
  })

  it('does not write through a dangling symbolic link', async () => {
    const cwd = folderWith({})
    symlinkSync(join(cwd, 'elsewhere'), join(cwd, '.commlooprc'))
    const { code, stderr } = await init(cwd)
    expect(code).toBe(2)
    expect(stderr).toMatch(/EEXIST/)
    expect(existsSync(join(cwd, 'elsewhere'))).toBe(false)
  })

  it('reports why it cannot write', async () => {
    const { code, stderr } = await init(join(folderWith({}), 'none'))
    expect(code).toBe(2)
    expect(stderr).toMatch(/ENOENT/)
  })
})

describe('commloop init --from', () => {
  const ROWS = [
    { socket: -1, ip: '192.168.0.2', port: 0, as_server: 1 },
    { socket: -1, ip: '192.168.0.2', port: 8001, as_server: 0 },
    { socket: -1, ip: '192.168.0.3', port: 0, is_server: 1 },
    { socket: -1, ip: '192.168.0.3', port: 8002, is_server: 0 },
  ]

  it.each([
    ['a list', ROWS],
    ['a list under g_connections', { g_connections: ROWS, comment: [1] }],
    ['a list under links', { links: ROWS }],
    ['a list under any key', { connections: ROWS, name: 'x' }],
  ])('converts %s', async (_name, table) => {
    const cwd = folderWith({ 'table.json': JSON.stringify(table) })
    expect(await init(cwd, { from: 'table.json' })).toMatchObject({ code: 0, stderr: '' })
    await passesCheck(cwd)
    const { options } = await loadConfig({ cwd, env: {} })
    expect(options.links).toEqual([
      { id: 'passive-192.168.0.2', role: 'passive', ip: '192.168.0.2' },
      { id: 'active-192.168.0.2:8001', role: 'active', ip: '192.168.0.2', port: 8001 },
      { id: 'passive-192.168.0.3', role: 'passive', ip: '192.168.0.3' },
      { id: 'active-192.168.0.3:8002', role: 'active', ip: '192.168.0.3', port: 8002 },
    ])
    expect(options.listen).toEqual({ host: '0.0.0.0', port: 8000 })
    expect(written(cwd)).toContain('the table has no listen address')
  })

  it('does not listen if no entry is passive', async () => {
    const cwd = folderWith({ 't.json': JSON.stringify([ROWS[1]]) })
    await init(cwd, { from: 't.json' })
    await passesCheck(cwd)
    expect((await loadConfig({ cwd, env: {} })).options.listen).toBeUndefined()
  })

  it('shows mistakes with their position in the table, and writes nothing', async () => {
    const text = `{ "g_connections": [
  { "socket": -1, "ip": "192.168.0.2", "port": 0, "as_server": 0 },
  { "ip": "192.168.0.300", "port": 8001, "as_server": 0 }
] }`
    const cwd = folderWith({ 'table.json': text })
    expect(await init(cwd, { from: 'table.json' })).toEqual({
      code: 2,
      stdout: '',
      stderr: `table.json:2:48  g_connections[0].port: expected 1–65535, found 0
   2 |   { "socket": -1, "ip": "192.168.0.2", "port": 0, "as_server": 0 },
     |                                                ^
nothing was written
`,
    })
    expect(existsSync(join(cwd, '.commlooprc'))).toBe(false)
  })

  it.each<[string, string, string]>([
    ['an unknown key', '[{ "ipp": "x", "as_server": 1 }]', 'unknown key. Did you mean "ip"?'],
    [
      'a table without a list',
      '{ "a": 1 }',
      'expected a list of entries, or a key that contains one',
    ],
    ['a string', '"x"', 'expected a list of entries'],
    [
      'several lists',
      '{ "a": [], "b": [] }',
      'several keys contain a list (a, b); name the table "links"',
    ],
    ['broken JSON', '[{ "ip": ', 'neither YAML nor JSON'],
    ['an empty file', '', 'the configuration is empty'],
    [
      'an invalid address',
      '[{ "ip": "1.2.3.4.5", "port": 1, "as_server": 0 }]',
      '[0].ip: expected an IP',
    ],
  ])('rejects %s', async (_name, text, expected) => {
    const cwd = folderWith({ 't.json': text })
    const { code, stderr } = await init(cwd, { from: 't.json' })
    expect(code).toBe(2)
    expect(stderr).toContain(expected)
    expect(existsSync(join(cwd, '.commlooprc'))).toBe(false)
  })

  it('names the file that it cannot read', async () => {
    const { code, stderr } = await init(folderWith({}), { from: 'none.json' })
    expect(code).toBe(2)
    expect(stderr).toMatch(/ENOENT.*none\.json/)
  })
})

describe('commloop init on a terminal', () => {
  it('asks for name, port and peers, and asks again after an invalid answer', async () => {
    const cwd = folderWith({})
    const { code, stdout } = await init(cwd, {
      answers: [
        'plant-l2',
        'eight',
        '8100',
        '192.168.0.300',
        '192.168.0.2',
        '192.168.4.0/24',
        '',
        '192.168.0.2',
        '192.168.0.2:8001',
        'mes.plant.example:8003',
        '[fd00::1]:8004',
        'fd00::1',
        '',
      ],
    })
    expect(code).toBe(0)
    for (const line of [
      'Port to listen on [8000]: expected 1–65535, found "eight"\n',
      'expected an IP address or a CIDR range, found "192.168.0.300"\n',
      'expected 1–65535, found nothing: an active entry needs a port\n',
    ]) {
      expect(stdout).toContain(line)
    }
    await passesCheck(cwd)
    const { options } = await loadConfig({ cwd, env: {} })
    expect(options).toEqual({
      node: 'plant-l2',
      listen: { host: '0.0.0.0', port: 8100 },
      links: [
        { id: 'from-192.168.0.2', role: 'passive', ip: '192.168.0.2' },
        { id: 'from-192.168.4.0_24', role: 'passive', ip: '192.168.4.0/24' },
        { id: 'to-192.168.0.2', role: 'active', ip: '192.168.0.2', port: 8001 },
        { id: 'to-mes.plant.example', role: 'active', host: 'mes.plant.example', port: 8003 },
        { id: 'to-fd00::1', role: 'active', ip: 'fd00::1', port: 8004 },
      ],
    })
  })

  it('uses the default for an empty answer', async () => {
    const cwd = folderWith({})
    expect((await init(cwd, { answers: ['', '', '', ''] })).code).toBe(0)
    await passesCheck(cwd)
    const { options } = await loadConfig({ cwd, env: {} })
    expect(options).toMatchObject({ listen: { port: 8000 }, links: [] })
  })

  it('quotes strings that have a meaning in YAML', async () => {
    const cwd = folderWith({})
    await init(cwd, { answers: ['${HOME}: #1', '', '', ''] })
    expect((await loadConfig({ cwd, env: {} })).options.node).toBe('${HOME}: #1')
  })

  it('writes nothing if the input ends early', async () => {
    const cwd = folderWith({})
    const { code, stderr } = await init(cwd, { answers: ['plant', '8000', '192.168.0.2'] })
    expect(code).toBe(2)
    expect(stderr).toBe('\nnothing was written\n')
    expect(existsSync(join(cwd, '.commlooprc'))).toBe(false)
  })
})
