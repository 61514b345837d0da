import { hostname } from 'node:os'
import { join } from 'node:path'
import { ExponentialBackoff, resolveConfig } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../src/load/load-config.js'
import type { LoadedConfig } from '../src/load/loaded-config.js'
import { folderWith } from '@commloop/test-support/temporary-folder'

const ROUTER = "export default { name: 'first', route: (message, links) => links[0].id }\n"

function load(
  text: string,
  { env = {}, ...files }: { env?: Record<string, string>; [file: string]: unknown } = {},
): Promise<LoadedConfig> {
  const cwd = folderWith({ '.commlooprc': text, ...(files as Record<string, string>) })
  return loadConfig({ cwd, env })
}

/** The whole message with which a text is rejected. */
async function refusal(
  text: string,
  rest: { env?: Record<string, string>; [file: string]: unknown } = {},
): Promise<string> {
  try {
    await load(text, rest)
  } catch (error) {
    expect(error).toMatchObject({ name: 'CommloopError' })
    return (error as Error).message
  }
  throw new Error('the text was accepted')
}

/** Only the lines with mistakes. */
async function mistakes(
  text: string,
  rest: { env?: Record<string, string>; [file: string]: unknown } = {},
): Promise<string[]> {
  return (await refusal(text, rest)).split('\n').filter((line) => line.startsWith('.commlooprc:'))
}

const EXAMPLE = `
$schema: ./node_modules/commloop/schema.json   # completion in editors
node: plant-l2                  # default: host name
listen: { host: 0.0.0.0, port: 8000 }   # may be left out when no entry is passive
bind: 192.168.0.1               # source address of dials; left out: the system chooses; also per entry
transport: tcp                  # a name, a path, or { use: tcp, ...options }
codec: len16                    # or { use: len16, byteOrder: big|little, … }
reconnect: { use: exponential, min: 100ms, initial: 500ms, max: 30s, factor: 2, jitter: full, maxAttempts: 10 }
stableAfter: 5s
rearmAfter: 5m
router: ./router.mjs            # or a package, or { use: ./router.mjs, ...options }; left out: \`direct\`
relay: false                    # true: each received message also goes to the router, with \`from\`
audit: { every: 60s, grace: 30s }
links:
  - { id: furnace-in,  role: passive, ip: 192.168.0.2 }
  - { id: furnace-out, role: active,  ip: 192.168.0.2, port: 8001 }
  - { id: mes,         role: active,  host: mes.plant.example, port: 8003 }   # a name is resolved at every dial
  - { id: cell,        role: passive, ip: 192.168.4.0/24, slots: 20, duplicate: challenge }
  - { id: anyone,      role: passive, ip: 0.0.0.0, slots: 4 }
`

describe('a valid configuration', () => {
  it('is the example of the documentation', async () => {
    const config = await load(EXAMPLE, { 'router.mjs': ROUTER })
    const { node } = config
    expect(node).toEqual(resolveConfig(config.options))
    expect(node.name).toBe('plant-l2')
    expect(node.listen).toMatchObject({ host: '0.0.0.0', port: 8000, transportOptions: {} })
    expect(node.entries.map(({ id, role, linkIds }) => [id, role, linkIds.length])).toEqual([
      ['furnace-in', 'passive', 1],
      ['furnace-out', 'active', 1],
      ['mes', 'active', 1],
      ['cell', 'passive', 20],
      ['anyone', 'passive', 4],
    ])
    expect(node.entries[1]).toMatchObject({ bind: '192.168.0.1', host: '192.168.0.2', port: 8001 })
    expect(node.entries[1]?.settings).toMatchObject({ stableAfterMs: 5000, rearmAfterMs: 300_000 })
    const { transport, codec, reconnect, router } = config.plugins
    expect(transport).toMatchObject({
      name: 'tcp',
      spec: '{"use":"tcp"}',
      origin: { from: 'commloop', package: '@commloop/transport-tcp', version: '0.1.0' },
    })
    expect(codec.value.payloadBytesMax).toBe(65_535)
    expect(reconnect.value).toBeInstanceOf(ExponentialBackoff)
    expect(reconnect.spec).toBe(
      '{"factor":2,"initial":"500ms","jitter":"full","max":"30s","maxAttempts":10,"min":"100ms","use":"exponential"}',
    )
    expect(router.origin).toEqual({ from: 'file', file: join(config.folder, 'router.mjs') })
  })

  it('may be JSON, and may omit nearly all keys', async () => {
    const config = await load(
      '{\n\t"links": [{ "role": "active", "ip": "10.0.0.1", "port": 1 }]\n}',
    )
    expect(config.options).toEqual({
      node: hostname(),
      links: [{ role: 'active', ip: '10.0.0.1', port: 1 }],
    })
    expect(config.plugins.router.name).toBe('direct')
    expect(config.control).toBeUndefined()
  })

  it('may be a key of package.json', async () => {
    const text = '{\n  "name": "x",\n  "commloop": { "node": "p", "links": [] }\n}\n'
    const cwd = folderWith({ 'package.json': text })
    expect((await loadConfig({ cwd, env: {} })).options.node).toBe('p')
  })

  it('may contain the legacy format of the table', async () => {
    const { options } = await load(`
listen: { port: 8000 }
links:
  - { socket: -1, ip: 192.168.0.2, port: 0, as_server: 1 }
  - { socket: -1, ip: 192.168.0.2, port: 8001, as_server: 0 }
  - { socket: -1, ip: 0.0.0.0, port: 0, is_server: 1 }
  - { socket: -1, ip: 192.168.0.3, port: 8002, is_server: false }
`)
    expect(options.links).toEqual([
      { role: 'passive', ip: '192.168.0.2' },
      { role: 'active', ip: '192.168.0.2', port: 8001 },
      { role: 'passive', ip: '0.0.0.0' },
      { role: 'active', ip: '192.168.0.3', port: 8002 },
    ])
  })

  it('gives entries their own plugins, one object for equal specifications', async () => {
    const { options, plugins } = await load(`
links:
  - { role: active, ip: 10.0.0.1, port: 1, codec: { use: len16, byteOrder: little } }
  - { role: active, ip: 10.0.0.2, port: 1, codec: { byteOrder: little, use: len16 } }
  - { role: active, ip: 10.0.0.3, port: 1, reconnect: { use: exponential, maxAttempts: 3 } }
`)
    const [first, second, third] = options.links
    expect(first?.codec?.spec).toBe('{"byteOrder":"little","use":"len16"}')
    expect(second?.codec?.value).toBe(first?.codec?.value)
    expect(first?.codec?.value).not.toBe(plugins.codec.value)
    expect(third?.reconnect?.value).toMatchObject({ attemptsMax: 3 })
    expect(plugins.entries.map(({ entry, plugin }) => [entry, plugin.kind])).toEqual([
      [0, 'codec'],
      [1, 'codec'],
      [2, 'reconnect'],
    ])
  })

  it('contains bytes as text, hexadecimal or base64', async () => {
    const { options } = await load(
      'heartbeat: { every: 1s, payload: { hex: 00fF }, answer: { base64: AQI= } }\nlinks: []',
    )
    expect(options.heartbeat).toEqual({
      every: '1s',
      payload: Buffer.from([0, 255]),
      answer: Buffer.from([1, 2]),
    })
  })

  it('resolves the path of the control socket in its own folder', async () => {
    const config = await load('control: run/x.sock\nlinks: []')
    expect(config.control).toBe(join(config.folder, 'run/x.sock'))
    expect((await load('control: false\nlinks: []')).control).toBe(false)
  })

  it('passes on warnings', async () => {
    const { warnings } = await load('links: []')
    expect(warnings).toEqual([])
  })
})

describe('the environment', () => {
  it('fills numbers, texts and parts of texts, also in flow maps', async () => {
    const { options } = await load(
      'node: "${SITE}-l2"\nlisten: { host: ${HOST:-127.0.0.1}, port: ${PORT} }\nrelay: ${RELAY:-true}\nlinks: []',
      { env: { SITE: 'plant', PORT: '8000' } },
    )
    expect(options).toMatchObject({
      node: 'plant-l2',
      listen: { host: '127.0.0.1', port: 8000 },
      relay: true,
    })
  })

  it('fills numbers in JSON, which requires quotes', async () => {
    const { options } = await load('{ "listen": { "port": "${PORT}" }, "links": [] }', {
      env: { PORT: '81' },
    })
    expect(options.listen).toMatchObject({ port: 81 })
  })

  it('does not fill keys', async () => {
    expect(await mistakes('${A}: x\nlinks: []', { env: { A: 'node' } })).toEqual([
      '.commlooprc:1:1  ${A}: unknown key',
    ])
  })

  it('keeps a quoted value as text', async () => {
    expect((await load('node: "${N}"\nlinks: []', { env: { N: '7' } })).options.node).toBe('7')
  })

  it.each(['{ port: 1 }', '[1]', '# x', '*a', '!x y', '&b c', 'a: b', '"7"', ''])(
    'never becomes more than a text: %j',
    async (value) => {
      const { options } = await load('node: x${N}\nbind: ${IP}\nlinks: []', {
        env: { N: value, IP: '10.0.0.1' },
      })
      expect(options.node).toBe(`x${value}`)
      const whole = load('node: ${N}\nlinks: []', { env: { N: value } })
      if (value === '') await expect(whole).rejects.toThrow('node: expected a name, found ""')
      else expect((await whole).options.node).toBe(value)
    },
  )

  it('is reported once if a variable is missing, at its position', async () => {
    expect(await refusal('listen:\n  port: ${PORT}\nlinks: []')).toBe(
      [
        '.commlooprc:2:9  listen.port: the environment variable PORT is not set; ${PORT:-default} gives a default',
        '   2 |   port: ${PORT}',
        '     |         ^',
      ].join('\n'),
    )
    expect(await mistakes('links: [{ role: active, ip: "${A b}", port: 1 }]')).toEqual([
      '.commlooprc:1:29  links[0].ip: expected ${NAME} or ${NAME:-default}, found ${A b}; ' +
        'write $${ for a literal ${',
    ])
  })
})

describe('mistakes', () => {
  it('are all reported together, in reading order, each with its line', async () => {
    const text = [
      'listen: { host: 0.0.0.0, port: eight }',
      'links:',
      '  - { id: a, role: passive, ip: 10.0.0.300 }',
      '  - id: b',
      '    role: active',
      '    ip: 0.0.0.0',
      '    port: 70000',
      'rooter: {}',
      '  ',
      'codec: { use: len16, byteOrder: middle }',
    ].join('\n')
    expect(await refusal(text)).toBe(
      `.commlooprc:1:32   listen.port: expected 0–65535, found "eight"
   1 | listen: { host: 0.0.0.0, port: eight }
     |                                ^
.commlooprc:3:33   links[0].ip: expected an IP address or a CIDR range, found "10.0.0.300"
   3 |   - { id: a, role: passive, ip: 10.0.0.300 }
     |                                 ^
.commlooprc:6:9    links[1].ip: 0.0.0.0 means anyone and cannot be dialled
   6 |     ip: 0.0.0.0
     |         ^
.commlooprc:7:11   links[1].port: expected 1–65535, found 70000
   7 |     port: 70000
     |           ^
.commlooprc:8:1    rooter: unknown key. Did you mean "router"?
   8 | rooter: {}
     | ^
.commlooprc:10:33  codec.byteOrder: expected 'big' or 'little', found "middle"
  10 | codec: { use: len16, byteOrder: middle }
     |                                 ^`,
    )
  })

  it.each<[string, string, string[]]>([
    ['no table', 'node: x', ['1:1  links: expected a list of entries, found nothing']],
    [
      'a list at the top',
      '- { role: active, ip: 10.0.0.1, port: 1 }',
      ['1:1  expected keys and values, found a list; the table belongs under the key "links"'],
    ],
    ['a text', 'hello', ['1:1  expected keys and values, found "hello"']],
    [
      'an entry that is no map',
      'links: [7]',
      ['1:9  links[0]: expected a map with the keys of an entry, found 7'],
    ],
    [
      'no role',
      'links:\n  - ip: 10.0.0.1',
      ['2:5  links[0].role: expected "active" or "passive", found nothing'],
    ],
    [
      'another role',
      'links: [{ role: server, ip: 10.0.0.1 }]',
      ['1:17  links[0].role: expected "active" or "passive", found "server"'],
    ],
    [
      'an active entry without port',
      'links:\n  - { role: active, ip: 10.0.0.1 }',
      ['2:5  links[0].port: expected 1–65535, found nothing: an active entry needs a port'],
    ],
    [
      'port 0 in an active entry',
      'links: [{ ip: 10.0.0.1, port: 0, as_server: 0 }]',
      ['1:31  links[0].port: expected 1–65535, found 0'],
    ],
    [
      'a passive entry without listen',
      'links:\n  - { role: passive, ip: 10.0.0.1 }',
      ['2:5  links[0]: a passive entry needs "listen" at the top of the file'],
    ],
    [
      'an id that is there twice',
      'links:\n  - { id: a, role: active, ip: 10.0.0.1, port: 1 }\n  - { id: a, role: bad }',
      [
        '3:11  links[1].id: "a" is already the id of links[0]',
        '3:20  links[1].role: expected "active" or "passive", found "bad"',
      ],
    ],
    [
      'an entry that can never be filled',
      'listen: { port: 1 }\nlinks:\n  - { role: passive, ip: 10.0.0.0/31 }\n' +
        '  - { id: a, role: passive, ip: 10.0.0.0 }\n  - { id: b, role: passive, ip: 10.0.0.1 }',
      ['3:26  links[0].ip: never filled: every address of 10.0.0.0/31 belongs to a, b'],
    ],
    [
      'two ways of writing that contradict each other',
      'links: [{ role: active, as_server: 1, ip: 10.0.0.1, port: 1 }]',
      ['1:36  links[0].as_server: means passive, which contradicts role: active'],
    ],
    [
      'as_server against is_server',
      'listen: { port: 1 }\nlinks: [{ as_server: 1, is_server: 0, ip: 10.0.0.1 }]',
      ['2:36  links[0].is_server: means active, which contradicts as_server'],
    ],
    [
      'keys in the wrong place',
      'slots: 3\nlinks: [{ role: active, ip: 10.0.0.1, port: 1, relay: true }]',
      [
        '1:1   slots: unknown key at the top; it belongs in an entry of "links"',
        '2:48  links[0].relay: unknown key in an entry; it belongs at the top of the file',
      ],
    ],
    [
      'keys further in',
      'outbox: { mesages: 3 }\nheartbeat: { every: 1s, paylod: x }\nlinks: []',
      [
        '1:11  outbox.mesages: unknown key. Did you mean "messages"?',
        '2:25  heartbeat.paylod: unknown key. Did you mean "payload"?',
      ],
    ],
    [
      'units',
      'stall: 30 sec\noutbox: 16MB\nttl: never\nhighWaterMark: 0\nlinger: -1\nrearmAfter: 9999h\nlinks: []',
      [
        '1:8   stall: expected a duration such as 250ms, 30s or 5m, found "30 sec"',
        '2:9   outbox: expected a size such as 16MiB, or { messages, bytes }, found "16MB"',
        '3:6   ttl: expected a duration such as 250ms, 30s or 5m, or "none", found "never"',
        '4:16  highWaterMark: expected a size such as 64KiB or 16MiB, found 0',
        '5:9   linger: expected a duration such as 250ms, 30s or 5m, found -1',
        '6:13  rearmAfter: expected a duration such as 250ms, 30s or 5m, found "9999h"',
      ],
    ],
    [
      'a listener misspelt, which might have been an option of the transport',
      'listen: { hots: 127.0.0.1, port: 1, backlog: 9 }\nlinks: []',
      [
        '1:11  listen.hots: unknown key. Did you mean "host"?',
        '1:37  listen.backlog: belongs to the whole transport: transport: { use: tcp, backlog: … }',
      ],
    ],
    [
      'a heartbeat without time',
      'heartbeat: { payload: x }\nlinks: []',
      [
        '1:1  heartbeat.every: expected a duration such as 250ms, 30s or 5m, and more than 0, found nothing',
      ],
    ],
    [
      'a key without value',
      'router:\nlinks: []',
      ['1:1  router: expected a name, a path, or { use: <name>, …options }, found nothing'],
    ],
    [
      'plugin options without a plugin',
      'transport: { keepAlive: 30s }\nlinks: []',
      ['1:1  transport.use: expected a name or a path, found nothing'],
    ],
    [
      'an option that the plugin does not know',
      'reconnect: { use: exponential, maxAttempt: 3 }\nlinks: []',
      ['1:32  reconnect.maxAttempt: unknown option. Did you mean "maxAttempts"?'],
    ],
    [
      'imports',
      '$import: ./base.yaml\nlinks: []',
      ['1:1  $import: a configuration is a single file and cannot import others'],
    ],
    [
      'a number in a word',
      'relay: 1\noverflow: drop\ndials: 1.5\nlinks: []',
      [
        '1:8   relay: expected true or false, found 1',
        '2:11  overflow: expected "reject" or "drop-oldest", found "drop"',
        '3:8   dials: expected 1–2147483647, found 1.5',
      ],
    ],
  ])('are reported for %s', async (_name, text, expected) => {
    expect(await mistakes(text)).toEqual(expected.map((line) => `.commlooprc:${line}`))
  })

  /** A codec that rejects its options, without an import: a plugin may have a copy of core of its own. */
  function rejectingCodec(message: string, details?: object): string {
    const facts = JSON.stringify({ code: 'CML_ERR_CONFIG_INVALID', ...(details && { details }) })
    return `export default { kind: 'codec', name: 'c', apiVersion: 1, create() {
  const brand = { [Symbol.for('commloop.CommloopError')]: true }
  throw Object.assign(new Error(${JSON.stringify(message)}), ${facts}, brand)
} }`
  }

  it.each([
    ['value', { option: 'mode', problem: 'expected "a"' }, '1:30  codec.mode: expected "a"'],
    ['key', { option: 'mode', problem: 'is new', unknownOption: true }, '1:24  codec.mode: is new'],
    ['plugin, if it has no such option', { option: 'x', problem: 'y' }, '1:8  codec: c: mode: bad'],
    ['plugin, if only the text names an option', undefined, '1:8  codec: c: mode: bad'],
  ])('of a plugin are marked at the %s', async (_place, details, expected) => {
    const rest = { 'c.mjs': rejectingCodec('c: mode: bad', details) }
    const found = await mistakes('codec: { use: ./c.mjs, mode: b }\nlinks: []', rest)
    expect(found).toEqual([`.commlooprc:${expected}`])
  })

  it('are reported once if many entries inherit them', async () => {
    const entry = '  - { role: active, ip: 10.0.0.1, port: 1 }\n'
    expect(await mistakes(`bind: nowhere\nlinks:\n${entry}${entry}`)).toEqual([
      '.commlooprc:1:7  bind: expected an IP address, found "nowhere"',
    ])
  })

  it('have their position in package.json, and a path without its key', async () => {
    const text = '{\n  "name": "x", "name": "y",\n  "commloop": {\n    "links": 3\n  }\n}\n'
    const cwd = folderWith({ 'package.json': text })
    await expect(loadConfig({ cwd, env: {} })).rejects.toThrow(
      /^package\.json:4:14 {2}links: expected a list of entries, found 3\n/,
    )
  })

  it('have the right caret after wide characters and tabs, and in very long lines', async () => {
    expect(await refusal('links: [{ id: 炉子, role: active, ip: 10.0.0.1, port: 0 }]')).toContain(
      '\n   1 | links: [{ id: 炉子, role: active, ip: 10.0.0.1, port: 0 }]' +
        '\n     |                                                       ^',
    )
    const long = `{ "links": [], "node": "${'x'.repeat(200)}", "relay": 3 }`
    const [, line = '', caret = ''] = (await refusal(long)).split('\n')
    expect(line.length).toBeLessThan(120)
    expect(line.charAt(caret.indexOf('^'))).toBe('3')
  })

  it('have the code that describes them best', async () => {
    await expect(load('router: ./none.mjs\nlinks: []')).rejects.toMatchObject({
      code: 'CML_ERR_PLUGIN_MISSING',
    })
    await expect(load('router: ./none.mjs\nlinks: 3')).rejects.toMatchObject({
      code: 'CML_ERR_CONFIG_INVALID',
    })
  })

  it('include a control path that is too long for a socket', async () => {
    const [line] = await mistakes(`control: ${'x'.repeat(120)}\nlinks: []`)
    expect(line).toMatch(
      /^\.commlooprc:1:10 {2}control: expected a path of at most 107 bytes, found \d+: /,
    )
  })
})

describe('an unusable text', () => {
  it.each<[string, string, string[]]>([
    ['empty', '', ['1:1  the configuration is empty. `commloop init` writes a first one']],
    [
      'only comments',
      '# nothing\n',
      ['1:1  the configuration is empty. `commloop init` writes a first one'],
    ],
    [
      'indented with tabs',
      'links:\n\t- ip: x',
      ['2:1  tabs cannot be used for indentation; use spaces'],
    ],
    [
      'two documents',
      'links: []\n---\nlinks: []',
      ['2:1  a second document starts here; a configuration is a single document'],
    ],
    [
      'with a key twice, beside what else is wrong',
      'node: a\nnode: b\nrelay: 3\nlinks: []',
      ['2:1  duplicate key "node"', '3:8  relay: expected true or false, found 3'],
    ],
    [
      'with tags',
      'node: !!js/function x\nlinks: []',
      ['1:7  tags (!name) are not supported in a configuration'],
    ],
    ['nested without end', '['.repeat(20_000), ['nested too deeply']],
    [
      'with an alias inside of what it names',
      'links: &a [*a]',
      ['1:1  aliases (*name) refer to themselves, or expand to too much data'],
    ],
    [
      'that unfolds without end',
      `a: &a [x,x,x,x,x,x,x,x,x]
b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]
c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]
d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]
links: [*d,*d,*d,*d,*d,*d,*d,*d,*d]`,
      ['1:1  aliases (*name) refer to themselves, or expand to too much data'],
    ],
  ])('is one that is %s', async (_name, text, expected) => {
    const found = await mistakes(text)
    expect(found).toHaveLength(expected.length)
    for (const [at, line] of expected.entries()) expect(found[at]).toContain(line)
  })

  it('is reported at its first error', async () => {
    const [line, ...more] = await mistakes('links: [\n  { role: active\nnode: x')
    expect(line).toMatch(/^\.commlooprc:3:1 {2}neither YAML nor JSON: /)
    expect(more).toEqual([])
  })

  it('is reported on the right line after a line end that the parser does not see', async () => {
    const [line] = await mistakes("?\t*a*alinks:[]  'q\n\n'")
    expect(line).toMatch(/^\.commlooprc:3:2 {2}/)
  })
})

describe('keys that would change the prototype of an object', () => {
  it.each([
    ['__proto__: { polluted: 1 }\nlinks: []', '1:1  __proto__: unknown key'],
    ['constructor: { prototype: {} }\nlinks: []', '1:1  constructor: unknown key'],
    [
      'links: [{ __proto__: { role: active }, ip: 10.0.0.1, role: active, port: 1 }]',
      '1:11  links[0].__proto__: unknown key',
    ],
    [
      'router: { use: direct, __proto__: { a: 1 } }\nlinks: []',
      '1:24  router.__proto__: unknown key',
    ],
    ['listen: { port: 1, __proto__: { a: 1 } }\nlinks: []', '1:20  listen.__proto__: unknown key'],
  ])('are rejected: %j', async (text, expected) => {
    expect(await mistakes(text)).toEqual([`.commlooprc:${expected}`])
    expect({}).not.toHaveProperty('polluted')
    expect({}).not.toHaveProperty('a')
  })
})
