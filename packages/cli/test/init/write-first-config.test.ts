import { existsSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { checkCommand } from '../src/commands/check-command.js'
import { loadConfig } from '@commloop/config'
import { initCommand } from '../src/commands/init-command.js'
import { folderWith } from '@commloop/test-support/temporary-folder'

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** `answers`: a person at a terminal types these lines, and leaves after the last. */
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
  return { code: await initCommand({ cwd, from }, io), stdout, stderr }
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
  const code = await checkCommand({ cwd, env: {}, json: false }, io)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
}

describe('commloop init', () => {
  it('writes a commented configuration that passes the check', async () => {
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

  it('writes examples that pass the check once the comment sign is gone', async () => {
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
  ])('never writes over or beside a configuration: %s', async (name, text) => {
    const cwd = folderWith({ [name]: text })
    expect(await init(cwd)).toEqual({
      code: 2,
      stdout: '',
      stderr: `${join(cwd, name)} is there already, and nothing was written\n`,
    })
    expect(readFileSync(join(cwd, name), 'utf8')).toBe(text)
    expect(existsSync(join(cwd, '.commlooprc'))).toBe(name === '.commlooprc')
  })

  it('does not write beside a configuration that is code', async () => {
    const cwd = folderWith({ 'commloop.config.js': '' })
    const { code, stderr } = await init(cwd)
    expect(code).toBe(2)
    expect(stderr).toMatch(/^CML_ERR_CONFIG_CODE: commloop\.config\.js is code/)
    expect(existsSync(join(cwd, '.commlooprc'))).toBe(false)
  })

  it('does not write through a link that leads nowhere', async () => {
    const cwd = folderWith({})
    symlinkSync(join(cwd, 'elsewhere'), join(cwd, '.commlooprc'))
    const { code, stderr } = await init(cwd)
    expect(code).toBe(2)
    expect(stderr).toMatch(/EEXIST/)
    expect(existsSync(join(cwd, 'elsewhere'))).toBe(false)
  })

  it('says why it cannot write', async () => {
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
    expect(written(cwd)).toContain('the table does not say where it listens')
  })

  it('does not listen where nobody may come in', async () => {
    const cwd = folderWith({ 't.json': JSON.stringify([ROWS[1]]) })
    await init(cwd, { from: 't.json' })
    await passesCheck(cwd)
    expect((await loadConfig({ cwd, env: {} })).options.listen).toBeUndefined()
  })

  it('shows mistakes where they stand in the table, and writes nothing', async () => {
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
    [
      'a key that nobody knows',
      '[{ "ipp": "x", "as_server": 1 }]',
      'unknown key. Did you mean "ip"?',
    ],
    ['no list', '{ "a": 1 }', 'expected a list of entries, or a key that holds one'],
    ['a text', '"x"', 'expected a list of entries'],
    [
      'several lists',
      '{ "a": [], "b": [] }',
      'several keys hold a list (a, b); call the table "links"',
    ],
    ['broken JSON', '[{ "ip": ', 'neither YAML nor JSON'],
    ['nothing', '', 'the configuration is empty'],
    [
      'an address that is none',
      '[{ "ip": "1.2.3.4.5", "port": 1, "as_server": 0 }]',
      '[0].ip: expected an IP',
    ],
  ])('refuses %s', async (_name, text, expected) => {
    const cwd = folderWith({ 't.json': text })
    const { code, stderr } = await init(cwd, { from: 't.json' })
    expect(code).toBe(2)
    expect(stderr).toContain(expected)
    expect(existsSync(join(cwd, '.commlooprc'))).toBe(false)
  })

  it('says which file it cannot read', async () => {
    const { code, stderr } = await init(folderWith({}), { from: 'none.json' })
    expect(code).toBe(2)
    expect(stderr).toMatch(/ENOENT.*none\.json/)
  })
})

describe('commloop init on a terminal', () => {
  it('asks for name, port and peers, and again where an answer is no use', async () => {
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
    for (const said of [
      'Port to listen on [8000]: expected 1–65535, found "eight"\n',
      'expected an IP address or a CIDR range, found "192.168.0.300"\n',
      'expected 1–65535, found nothing: an active entry needs a port\n',
    ]) {
      expect(stdout).toContain(said)
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

  it('takes what is proposed for empty answers', async () => {
    const cwd = folderWith({})
    expect((await init(cwd, { answers: ['', '', '', ''] })).code).toBe(0)
    await passesCheck(cwd)
    const { options } = await loadConfig({ cwd, env: {} })
    expect(options).toMatchObject({ listen: { port: 8000 }, links: [] })
  })

  it('writes texts that YAML would take for something else as texts', async () => {
    const cwd = folderWith({})
    await init(cwd, { answers: ['${HOME}: #1', '', '', ''] })
    expect((await loadConfig({ cwd, env: {} })).options.node).toBe('${HOME}: #1')
  })

  it('writes nothing when the person leaves', async () => {
    const cwd = folderWith({})
    const { code, stderr } = await init(cwd, { answers: ['plant', '8000', '192.168.0.2'] })
    expect(code).toBe(2)
    expect(stderr).toBe('\nnothing was written\n')
    expect(existsSync(join(cwd, '.commlooprc'))).toBe(false)
  })
})
