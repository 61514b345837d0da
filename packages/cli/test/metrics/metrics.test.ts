import { describe, expect, it } from 'vitest'
import type { LinkStatus, NodeStatus } from '@commloop/control'
import { METRIC_FAMILIES } from '@commloop/metrics'
import { CliProcess, endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'
import { ask, closeClientsAfterEach, ControlNode } from '@commloop/test-support/control-node'
import { closePeersAfterEach, FramedPeer } from '@commloop/test-support/framed-peer'
import { freePort } from '@commloop/test-support/free-port'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'
import { readSamples, type ReadSample } from './prometheus-samples.js'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()
closePeersAfterEach()
closeClientsAfterEach()

const CONFIG = {
  node: 'plant "l2"\\',
  listen: { host: '127.0.0.1', port: 0 },
  links: [
    { id: 'in', role: 'passive', ip: '127.0.0.1' },
    { id: 'cell', role: 'passive', ip: '127.0.1.0/24', slots: 2 },
  ],
}

function valueOf(
  samples: readonly ReadSample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  return samples.find(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  )?.value
}

async function samplesOf(node: ControlNode): Promise<ReadSample[]> {
  const { text, type, status } = await node.ask('GET', '/v1/metrics')
  expect({ status, type }).toEqual({
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
  })
  return readSamples(text)
}

describe('GET /v1/metrics', () => {
  it('contains every metric with its labels, in a format that Prometheus can read', async () => {
    const port = await freePort()
    const out = { id: 'out', role: 'active', ip: '127.0.0.1', port }
    // A long delay, so that a dial is planned while the metrics are read.
    const reconnect = { use: 'exponential', min: '1h', initial: '1h', max: '1h' }
    const node = await ControlNode.start({ ...CONFIG, reconnect, links: [...CONFIG.links, out] })
    await node.until<LinkStatus>('/v1/links/out', ({ state }) => state === 'backoff')
    await FramedPeer.connect(node.port, '127.0.0.1', '127.0.0.9')
    await node.until<NodeStatus>(
      '/v1/status',
      ({ counters }) => Object.keys(counters.rejected).length > 0,
    )
    const samples = await samplesOf(node)
    for (const { name, labels, type } of METRIC_FAMILIES) {
      const own = samples.filter((sample) => sample.name === name)
      expect(own.length, name).toBeGreaterThan(0)
      for (const sample of own) expect(Object.keys(sample.labels), name).toEqual(labels)
      expect(name.endsWith('_total'), name).toBe(type === 'counter')
    }
    const known = METRIC_FAMILIES.map(({ name }) => name)
    expect(samples.map(({ name }) => name).filter((name) => !known.includes(name))).toEqual([])
    expect(valueOf(samples, 'commloop_info', { node: CONFIG.node })).toBe(1)
  })

  it('shows the values of the counters', async () => {
    const node = await ControlNode.start(CONFIG)
    const peer = await FramedPeer.connect(node.port)
    await node.until<LinkStatus>('/v1/links/in', ({ state }) => state === 'up')
    peer.send('one', 'two')
    await node.ask('POST', '/v1/send', { payload: 'three', to: 'in' })
    await node.ask('POST', '/v1/send', { payload: 'x', to: 'cell/1' })
    await node.ask('POST', '/v1/send', { payload: 'x' })
    await node.until<LinkStatus>('/v1/links/in', ({ counters }) => counters.received === 2)
    const samples = await samplesOf(node)
    const link = { link: 'in' }
    expect(valueOf(samples, 'commloop_link_up', link)).toBe(1)
    expect(valueOf(samples, 'commloop_link_up', { link: 'cell/2' })).toBe(0)
    expect(valueOf(samples, 'commloop_link_state', { ...link, state: 'up' })).toBe(1)
    expect(valueOf(samples, 'commloop_links', { state: 'awaiting' })).toBe(2)
    expect(valueOf(samples, 'commloop_links', { state: 'exhausted' })).toBe(0)
    expect(valueOf(samples, 'commloop_link_epochs_total', link)).toBe(1)
    expect(valueOf(samples, 'commloop_link_received_messages_total', link)).toBe(2)
    expect(valueOf(samples, 'commloop_link_received_bytes_total', link)).toBe(10)
    expect(valueOf(samples, 'commloop_link_outcomes_total', { ...link, outcome: 'written' })).toBe(
      1,
    )
    expect(valueOf(samples, 'commloop_link_written_payload_bytes_total', link)).toBe(5)
    expect(valueOf(samples, 'commloop_link_outbox_bytes_limit', link)).toBe(16 * 1024 * 1024)
    expect(valueOf(samples, 'commloop_accepted_messages_total')).toBe(2)
    expect(valueOf(samples, 'commloop_unrouted_messages_total', { outcome: 'dropped' })).toBe(1)
    expect(valueOf(samples, 'commloop_refused_messages_total')).toBe(1)
    expect(valueOf(samples, 'process_resident_memory_bytes')).toBeGreaterThan(1e7)
    expect(valueOf(samples, 'process_start_time_seconds')).toBeLessThan(Date.now() / 1000)
    expect(valueOf(samples, 'process_start_time_seconds')).toBeGreaterThan(Date.now() / 1000 - 300)
  })

  it('shows that a router has blocked the event loop', async () => {
    const router = `export default { name: 'r', route() {
      const end = performance.now() + 400; while (performance.now() < end); return { drop: 'slow' } } }`
    const node = await ControlNode.start({ ...CONFIG, router: './r.mjs' }, { 'r.mjs': router })
    await node.ask('POST', '/v1/send', { payload: 'x' })
    const late = async (): Promise<number> =>
      valueOf(await samplesOf(node), 'commloop_event_loop_delay_seconds', { quantile: '1' }) ?? 0
    await expect.poll(late, { timeout: 10_000 }).toBeGreaterThan(0.2)
  })

  it('is made in parts for a large table, also for a client that disconnects in the middle', async () => {
    const links = [{ id: 'many', role: 'passive', ip: '0.0.0.0', slots: 3_000 }]
    const node = await ControlNode.start({ ...CONFIG, links })
    const samples = await samplesOf(node)
    expect(samples.filter(({ name }) => name === 'commloop_link_up')).toHaveLength(3_000)
    const rude = node.connect()
    rude.write('GET /v1/metrics HTTP/1.1\r\nHost: x\r\n\r\n')
    await rude.until(({ text }) => text.length > 0)
    rude.pause()
    rude.destroy()
    expect(await node.get('/v1/status')).toMatchObject({ pid: node.process.pid })
  })
})

describe('metrics over TCP', () => {
  async function started(metrics: object): Promise<{ commloop: CliProcess; port: number }> {
    const cwd = testFolder({ '.commlooprc': { ...CONFIG, control: false, metrics } })
    const commloop = CliProcess.start([], { cwd, stdin: 'ignore' })
    const line = await commloop.log(({ msg }) => msg.startsWith('metrics at '))
    return { commloop, port: Number(/:(\d+)\/metrics$/.exec(String(line.metrics))?.[1]) }
  }
  const get = (port: number, path = '/metrics', headers = {}, method = 'GET') =>
    ask({ host: '127.0.0.1', port }, method, path, undefined, headers)

  it('are served on loopback, at one path', async () => {
    const { commloop, port } = await started({ port: 0 })
    const { status, text } = await get(port)
    expect(status).toBe(200)
    expect(valueOf(readSamples(text), 'commloop_info')).toBe(1)
    expect((await get(port, '/metrics?x=1')).status).toBe(200)
    expect((await get(port, '/')).text).toBe('there is only /metrics\n')
    expect((await get(port, '/v1/status')).status).toBe(404)
    expect((await get(port, '/metrics', {}, 'POST')).status).toBe(405)
    expect(await get(port, '/metrics', {}, 'HEAD')).toMatchObject({ status: 200, text: '' })
    commloop.kill('SIGTERM')
    expect(await commloop.exit()).toEqual({ code: 0, signal: null })
  })

  it.each([
    ['127.0.0.1', 200],
    ['127.0.0.1:9464', 200],
    ['localhost', 200],
    ['[::1]:80', 200],
    ['evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['localhost.evil.example:9464', 403],
  ])(
    'answer a request for the host "%s" with %i, because of DNS rebinding',
    async (host, status) => {
      const { port } = await started({ port: 0 })
      expect((await get(port, '/metrics', { Host: host })).status).toBe(status)
    },
  )

  it('require the token if one is configured', async () => {
    const token = 'correct horse battery'
    const { port } = await started({ port: 0, token })
    const refused = await get(port)
    expect(refused.status).toBe(401)
    expect(refused.text).not.toContain('commloop_')
    for (const authorization of ['Bearer wrong', `Bearer ${token} `, `Basic ${token}`, token]) {
      const status = (await get(port, '/metrics', { Authorization: authorization })).status
      expect(status, authorization).toBe(authorization === `Bearer ${token} ` ? 200 : 401)
    }
    const headers = { Authorization: `Bearer ${token}`, Host: 'plant-l2.example:9464' }
    expect((await get(port, '/metrics', headers)).status).toBe(200)
  })

  it.each([
    [
      { port: 9464, host: '0.0.0.0' },
      'metrics.host: 0.0.0.0 is reachable from other machines: set metrics.token',
    ],
    [{ port: 9464, host: '192.0.2.1' }, 'metrics.host: 192.0.2.1 is reachable'],
    [{ port: 9464, host: '::' }, 'metrics.host: :: is reachable'],
    [{ port: 9464, host: 'localhost' }, 'metrics.host: expected an IP address'],
    [{ port: 9464, token: 'short' }, 'metrics.token: expected at least 16 characters'],
    [{ host: '127.0.0.1' }, 'metrics.port'],
    [{ port: 70_000 }, 'metrics.port: expected 0–65535'],
    [{ port: 9464, tocken: 'x' }, 'metrics.tocken: unknown key. Did you mean "token"?'],
    [9464, 'metrics: expected { port, host, token }'],
  ])('cannot be configured as %j', async (metrics, text) => {
    const cwd = testFolder({ '.commlooprc': { ...CONFIG, metrics } })
    const { code, stderr } = await runCli(['check'], { cwd })
    expect(stderr).toContain(text)
    expect(code).toBe(2)
  })

  it('are served on other addresses with a token, and the node runs if the port is in use', async () => {
    const { port } = await started({ port: 0, host: '0.0.0.0', token: 'x'.repeat(16) })
    const metrics = { port, host: '0.0.0.0', token: 'x'.repeat(16) }
    const cwd = testFolder({ '.commlooprc': { ...CONFIG, metrics } })
    const second = CliProcess.start([], { cwd, stdin: 'ignore' })
    const { level, msg } = await second.log(({ msg }) => msg.startsWith('no metrics over TCP'))
    expect({ level, msg }).toMatchObject({
      level: 'warn',
      msg: expect.stringContaining('EADDRINUSE') as string,
    })
    second.kill('SIGTERM')
    expect(await second.exit()).toMatchObject({ code: 0 })
  })
})
