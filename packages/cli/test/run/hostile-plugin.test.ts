import { describe, expect, it } from 'vitest'
import { CliProcess, endCliProcessesAfterEach } from '@commloop/test-support/cli-process'
import { closePeersAfterEach, PeerServer } from '@commloop/test-support/framed-peer'
import { freePort } from '@commloop/test-support/free-port'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
closePeersAfterEach()
removeTestFoldersAfterEach()

/** Characters of one log line: the fields of a foreign value are bounded, and so is the text. */
const LINE_LENGTH_MAX = 16_000

/** What a plugin may throw, by name. Written into the module of each plugin, which runs inside the node. */
const THROWS = `
const fail = () => { throw new Error('read') }
const error = (name, descriptor) => Object.defineProperty(new Error('faulty'), name, descriptor)
const chain = () => {
  let error = new Error('first')
  for (let at = 0; at < 20_000; at++) error = new Error('cause', { cause: error })
  return error
}
const nested = () => {
  let value = 1
  for (let at = 0; at < 20_000; at++) value = { value }
  return Object.assign(new Error('faulty'), { value })
}
const endless = { getPrototypeOf: () => new Proxy({}, endless) }
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}
export const THROWS = {
  undefined: () => undefined,
  symbol: () => Symbol('faulty'),
  bare: () => Object.create(null),
  function: () => fail,
  revoked,
  endless: () => new Proxy({}, endless),
  toString: () => ({ toString: fail, [Symbol.toPrimitive]: fail }),
  getter: () => error('detail', { get: fail, enumerable: true }),
  message: () => error('message', { get: fail }),
  stack: () => error('stack', { get: fail }),
  toJSON: () => error('toJSON', { value: fail, enumerable: true }),
  proxy: () => new Proxy(new Error('faulty'), { get: fail }),
  chain,
  nested,
  long: () => new Error('x'.repeat(100_000_000)),
  wide: () => Object.assign(new Error('faulty'), { text: 'x'.repeat(100_000_000) }),
  secret: () => Object.assign(new Error('faulty'), { headers: { Authorization: 'hunter2', body: 'hunter2' } }),
}
`
const NAMES = [...THROWS.matchAll(/^ {2}(\w+)(?::|,$)/gm)].map(([, name = '']) => name)

const ROUTER = `
import { THROWS } from './throws.mjs'
export default { route(message) {
  throw THROWS[new TextDecoder().decode(message.payload)]()
} }
`
const STRATEGY = `
import { THROWS } from './throws.mjs'
export default { kind: 'reconnect', name: 'faulty', apiVersion: 1, create: ({ which }) => ({
  delayMs() { throw THROWS[which]() },
}) }
`
const CODEC = `
import { THROWS } from './throws.mjs'
export default { kind: 'codec', name: 'faulty', apiVersion: 1, create: () => ({
  payloadBytesMax: 1_000,
  header: undefined,
  frameBytesMax: (bytes) => bytes,
  encode(payload) { throw THROWS[new TextDecoder().decode(payload)]() },
  createDecoder: () => ({ push() {}, next() {}, midFrame: false, end() {} }),
}) }
`

function run(config: object): CliProcess {
  const files = {
    'throws.mjs': THROWS,
    'router.mjs': ROUTER,
    'strategy.mjs': STRATEGY,
    'codec.mjs': CODEC,
    '.commlooprc': config,
  }
  const folder = testFolder(files)
  return CliProcess.start(['run', '--stdio', '--keep-open'], { cwd: folder })
}

/** The node still works and stops, and no line of its log is long or has a secret. */
async function expectAlive(node: CliProcess): Promise<void> {
  node.send({ payload: 'x', to: 'none', id: 'alive' })
  await node.event(({ type, id }) => type === 'error' && id === 'alive')
  node.kill('SIGTERM')
  expect((await node.exit()).code, node.stderrText.slice(0, 2_000)).toBe(1)
  expect(node.stderrText).not.toContain('hunter2')
  expect(node.stdoutText).not.toContain('hunter2')
  const lengths = node.stderrLines.map((line) => line.length)
  expect(Math.max(...lengths)).toBeLessThan(LINE_LENGTH_MAX)
}

describe('a node lives and writes short log lines', () => {
  it('if its router throws anything', async () => {
    const link = { id: 'furnace', role: 'active', ip: '127.0.0.1', port: await freePort() }
    const node = run({ router: './router.mjs', links: [link] })
    for (const name of NAMES) {
      node.send({ payload: name, id: name })
      const { reason } = await node.event(({ type, id }) => type === 'outcome' && id === name)
      expect(reason, name).toMatch(/^router threw: ./)
    }
    await node.log(({ msg }) => msg.startsWith('the router threw: '))
    await expectAlive(node)
  })

  it('if a codec throws anything', async () => {
    const peer = await PeerServer.listen()
    const link = { id: 'furnace', role: 'active', ip: '127.0.0.1', port: peer.port }
    const node = run({ codec: './codec.mjs', links: [link] })
    await node.event(({ state }) => state === 'up')
    for (const name of NAMES) {
      node.send({ payload: name, to: 'furnace', id: name })
      await node.event(({ type, id }) => type === 'outcome' && id === name)
    }
    await node.log(({ msg }) => msg.startsWith('furnace: the codec could not encode a payload: '))
    await expectAlive(node)
  })

  it('if reconnect strategies throw anything', async () => {
    const port = await freePort()
    const node = run({
      links: NAMES.map((which) => {
        const reconnect = { use: './strategy.mjs', which }
        return { id: which, role: 'active', ip: '127.0.0.1', port, reconnect }
      }),
    })
    for (const name of NAMES) {
      await node.event(({ link, state }) => link === name && state === 'backoff')
    }
    await node.log(({ msg }) => msg.startsWith('undefined: the reconnect strategy threw: '))
    await expectAlive(node)
  })
})

describe('a line of stdin', () => {
  it.each([
    ['a payload', '{"payload":', '}'],
    ['an id', '{"payload":"x","id":', '}'],
    ['a target', '{"payload":"x","to":', '}'],
    ['a TTL', '{"payload":"x","ttl":', '}'],
    ['an unknown key', '{"other":', '}'],
    ['the line', '', ''],
  ])('may be nested 100,000 deep in %s', async (_name, before, after) => {
    const node = run({ links: [] })
    await node.event(({ type }) => type === 'ready')
    node.write(`${before}${'['.repeat(100_000)}${']'.repeat(100_000)}${after}\n`)
    const { message } = await node.event(({ type }) => type === 'error')
    expect(String(message).length).toBeLessThan(300)
    await expectAlive(node)
  })
})
