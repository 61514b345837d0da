import { describe, expect, it } from 'vitest'
import { readConfig } from '../src/index.js'
import { folderWith } from '@commloop/test-support/temporary-folder'

/** `line:column path: message` of every mistake. */
async function mistakesIn(text: string, files: Record<string, string> = {}): Promise<string[]> {
  const cwd = folderWith({ '.commlooprc': text, ...files })
  const reading = await readConfig({ cwd, env: {} })
  if (reading.ok) return []
  return reading.problems.map(
    ({ line, column, path, message }) => `${String(line)}:${String(column)} ${path}: ${message}`,
  )
}

const DIAL = 'links: [{ role: active, ip: 10.0.0.1, port: 1'

/** A transport of another author: `check` is optional, and its options are its own. */
const FOREIGN =
  'export default { kind: "transport", name: "f", apiVersion: 1, create: () => ({ dial() {}, listen() {} }) }\n'

describe('options of a listener and of dials', () => {
  it('are rejected at their place if the transport does not know them', async () => {
    expect(await mistakesIn('listen: { port: 1, mtu: 9000 }\nlinks: []')).toEqual([
      '1:20 listen.mtu: unknown option; there are name, host, port, tls, proxyProtocol',
    ])
    expect(await mistakesIn(`${DIAL}, transportOptions: { tsl: {}, mtu: 1 } }]`)).toEqual([
      '1:68 links[0].transportOptions.tsl: unknown option. Did you mean "tls"?',
      '1:77 links[0].transportOptions.mtu: unknown option; there are tls',
    ])
  })

  it('are rejected if they belong to the whole transport', async () => {
    const text = 'belongs to the whole transport: transport: { use: tcp, noDelay: … }'
    expect(await mistakesIn('listen: { port: 1, noDelay: true }\nlinks: []')).toEqual([
      `1:20 listen.noDelay: ${text}`,
    ])
    expect(await mistakesIn(`${DIAL}, transportOptions: { noDelay: true } }]`)).toEqual([
      `1:68 links[0].transportOptions.noDelay: ${text}`,
    ])
  })

  it('are judged under `transportOptions` as under `tls`, with files in the folder of the file', async () => {
    const inner = '{ tls: { ca: ./none.pem, minVersion: 1 } }'
    const [file, version] = await mistakesIn(`${DIAL}, transportOptions: ${inner} }]`)
    expect(file).toMatch(/^1:79 links\[0\]\.transportOptions\.tls\.ca: .*\/commloop-.*none\.pem/)
    expect(version).toBe(
      '1:103 links[0].transportOptions.tls.minVersion: expected "TLSv1.2" or "TLSv1.3", found 1',
    )
    const both = `${DIAL}, tls: {}, transportOptions: { tls: {} } }]`
    expect(await mistakesIn(both)).toEqual([
      '1:77 links[0].transportOptions.tls: the entry has "tls" as well: keep one of the two',
    ])
  })

  it('are left to a transport of another author', async () => {
    const text = `transport: ./f.mjs\nlisten: { port: 1, mtu: 1 }\n${DIAL}, transportOptions: { mtu: 1 } }]`
    expect(await mistakesIn(text, { 'f.mjs': FOREIGN })).toEqual([])
  })
})

describe('options of a plugin', () => {
  it.each([
    ['transport', '{ use: tcp, nodelay: true, backlog: 0 }', 'noDelay'],
    ['codec', '{ use: len16, byteorder: big, maxPayload: 0 }', 'byteOrder'],
    ['reconnect', '{ use: exponential, maxAttempt: 1, jitter: some }', 'maxAttempts'],
  ])('%s are rejected all at once, each at its place', async (kind, spec, meant) => {
    const found = await mistakesIn(`${kind}: ${spec}\nlinks: []`)
    expect(found).toHaveLength(2)
    expect(found[0]).toMatch(new RegExp(`: unknown option\\. Did you mean "${meant}"\\?$`))
    expect(found[1]).toMatch(/: expected .*, found /)
  })

  it.each([
    ['codec', '{ use: len16, bigEndian: true }', 'bigEndian'],
    ['reconnect', '{ use: exponential, factor: "2" }', 'factor'],
    ['reconnect', '{ use: exponential, maxAttempts: }', 'maxAttempts'],
  ])('%s %s of an entry are rejected at the entry', async (kind, spec, option) => {
    const found = await mistakesIn(`${DIAL}, ${kind}: ${spec} }]`)
    expect(found.map((line) => line.split(': ', 1)[0]?.split(' ')[1])).toEqual([
      `links[0].${kind}.${option}`,
    ])
  })

  it('router are rejected by a router that takes none', async () => {
    const plain = { 'r.mjs': 'export default { name: "r", route: () => 0 }\n' }
    expect(await mistakesIn('router: { use: direct, to: 1, or: 2 }\nlinks: []')).toEqual([
      '1:24 router.to: expected no options',
      '1:31 router.or: expected no options',
    ])
    expect(await mistakesIn('router: { use: ./r.mjs, to: 1 }\nlinks: []', plain)).toEqual([
      '1:25 router.to: expected no options: only a plugin with "create" takes them',
    ])
  })
})
