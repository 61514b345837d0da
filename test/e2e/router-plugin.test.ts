import { mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runCli } from '@commloop/test-support/cli-process'
import { testFolder } from '@commloop/test-support/test-folder'
import { eventually, settledAt } from '../peer/eventually.js'
import { numbered, numberOf, series } from '../peer/payloads.js'
import { RawListener } from '../peer/raw-listener.js'
import { RawPeer } from '../peer/raw-peer.js'
import { cleanUpAfterEach } from './clean-up.js'
import { RunningNode } from './running-node.js'

cleanUpAfterEach()

const MIB = 1024 * 1024

/** Two peers that connect, three slots for others, and one peer that never connects. */
const TABLE = `
listen: { host: 127.0.0.1, port: 0 }
linger: 50ms
links:
  - { id: two,    role: passive, ip: 127.0.0.2 }
  - { id: three,  role: passive, ip: 127.0.0.3 }
  - { id: cell,   role: passive, ip: 127.0.1.0/24, slots: 3 }
  - { id: absent, role: passive, ip: 127.0.0.9 }
`

/** A router whose `route(message, links)` has this body; `text` is the payload. */
function routerFile(body: string, head = ''): string {
  return `
    ${head}
    export default {
      name: 'of-the-test',
      route(message, links) {
        const text = Buffer.from(message.payload).toString()
        ${body}
      },
    }
  `
}

interface Routed {
  readonly node: RunningNode
  readonly two: RawPeer
  readonly three: RawPeer
}

/** A node with this router, and two peers that are up. */
async function routed(body: string, { head = '', top = '' } = {}): Promise<Routed> {
  const node = await RunningNode.start(`router: ./router.mjs\n${top}${TABLE}`, {
    files: { 'router.mjs': routerFile(body, head) },
  })
  const two = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
  const three = await RawPeer.dial({ from: '127.0.0.3', port: node.port })
  await node.link('two', 'up')
  await node.link('three', 'up')
  return { node, two, three }
}

describe('the router plugin is found through .commlooprc', () => {
  const plainRouter = (reason: string): string =>
    `export default { name: 'found', route: () => ({ drop: ${JSON.stringify(reason)} }) }`
  const packageFiles = (name: string): Record<string, unknown> => ({
    [`node_modules/${name}/package.json`]: {
      name,
      version: '1.2.3',
      type: 'module',
      exports: './main.js',
    },
    [`node_modules/${name}/main.js`]: plainRouter(`by ${name}`),
  })

  it.each([
    ['by path', './routers/mine.mjs', { 'routers/mine.mjs': plainRouter('by path') }, 'by path'],
    ['by package name', 'plant-router', packageFiles('plant-router'), 'by plant-router'],
    [
      'by a scoped package name',
      '@plant/routes',
      packageFiles('@plant/routes'),
      'by @plant/routes',
    ],
    [
      'by short name, as @commloop/router-<name>',
      'x',
      packageFiles('@commloop/router-x'),
      'by @commloop/router-x',
    ],
    [
      'by short name, as commloop-router-<name>',
      'x',
      packageFiles('commloop-router-x'),
      'by commloop-router-x',
    ],
  ])('%s', async (_, router, files, reason) => {
    const node = await RunningNode.start(`router: '${router}'${TABLE}`, { files })
    node.send('which one?', { id: 'question' })
    expect(await node.outcome('question')).toMatchObject({ outcome: 'dropped', reason })
  })

  it('with options, and made with defineRouter', async () => {
    const folder = testFolder({
      '.commlooprc': `router: { use: ./router.mjs, fallback: nobody }${TABLE}`,
      'router.mjs': `
        import { defineRouter } from '@commloop/router-plugin-api'
        export default defineRouter({
          name: 'with-options',
          create: ({ fallback }) => ({ route: () => ({ drop: 'for ' + fallback }) }),
        })
      `,
    })
    // In the same place as an installed package.
    const installed = fileURLToPath(new URL('../../packages/router-plugin-api', import.meta.url))
    const place = join(folder, 'node_modules', '@commloop', 'router-plugin-api')
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(installed, place)
    const node = await RunningNode.startIn(folder)
    node.send('x', { id: 'question' })
    expect(await node.outcome('question')).toMatchObject({ reason: 'for nobody' })
  })

  it('relative to the folder of the configuration, not to the working directory', async () => {
    const elsewhere = testFolder({ 'router.mjs': plainRouter('the wrong one') })
    const folder = testFolder({
      '.commlooprc': `router: ./router.mjs${TABLE}`,
      'router.mjs': plainRouter('the right one'),
    })
    const node = await RunningNode.startIn(folder, { cwd: elsewhere })
    node.send('x', { id: 'question' })
    expect(await node.outcome('question')).toMatchObject({ reason: 'the right one' })
  })

  it('and if it is not found, nothing starts, and the error names all places that were tried', async () => {
    const folder = testFolder({ '.commlooprc': `router: x${TABLE}` })
    const { code, stderr } = await runCli(['run', '--config', join(folder, '.commlooprc')])
    expect(code).toBe(2)
    for (const name of ['@commloop/router-x', 'commloop-router-x', 'x', folder]) {
      expect(stderr).toContain(name)
    }
  })
})

describe('messages leave through the send queue, and the router decides where to', () => {
  it('by content', async () => {
    const { node, two, three } = await routed(`return text.startsWith('F') ? 'two' : 'three'`)
    for (const text of ['F1', 'G1', 'F2', 'G2']) node.send(text)
    await two.received(2)
    await three.received(2)
    expect([two.texts, three.texts]).toEqual([
      ['F1', 'F2'],
      ['G1', 'G2'],
    ])
  })

  it('by the state of the links, and by position in the table', async () => {
    const { node, two } = await routed(`
      return links.findIndex((link) => link.state === (text === 'up' ? 'up' : 'awaiting'))
    `)
    node.send('up', { id: 'up' })
    expect(await node.outcome('up')).toMatchObject({ outcome: 'written', link: 'two' })
    await two.received(1)
    // The first waiting link belongs to an entry that does not keep a queue.
    node.send('down', { id: 'down' })
    expect(await node.outcome('down')).toMatchObject({ outcome: 'undeliverable' })
  })

  it('broadcast: a copy for each link, the same link once, each copy with its own outcome', async () => {
    const { node, two, three } = await routed(`return ['two', 'three', 'two']`)
    node.send('to all', { id: 'all' })
    await two.received(1)
    await three.received(1)
    await node.until('both outcomes', () => node.outcomes().length === 2)
    expect(node.outcomes().map(({ id, outcome, link }) => [id, outcome, link])).toEqual([
      ['all', 'written', 'two'],
      ['all', 'written', 'three'],
    ])
    node.send('once more', { id: 'more' })
    await two.received(2)
    expect(two.texts).toEqual(['to all', 'once more'])
    const { accepted, routed: routedMessages, copies } = await node.stop()
    expect({ accepted, routedMessages, copies }).toEqual({
      accepted: 2,
      routedMessages: 2,
      copies: 4,
    })
  })

  it('broadcast to every link of an entry that is up', async () => {
    const { node } = await routed(`return 'cell/*'`)
    node.send('nobody there', { id: 'early' })
    expect(await node.outcome('early')).toMatchObject({ outcome: 'undeliverable' })
    const first = await RawPeer.dial({ from: '127.0.1.1', port: node.port })
    const second = await RawPeer.dial({ from: '127.0.1.2', port: node.port })
    await node.link('cell/1', 'up')
    await node.link('cell/2', 'up')
    node.send('to the cell')
    await first.received(1)
    await second.received(1)
    expect([first.texts, second.texts]).toEqual([['to the cell'], ['to the cell']])
  })

  it('broadcast with one outbox full: the others get theirs', async () => {
    const { node, two } = await routed(`return ['two', 'absent']`, {
      top: 'outbox: { messages: 2 }\n',
    })
    for (const text of ['1', '2', '3']) {
      node.send(text, { id: text })
      await node.until(`${text} written`, () =>
        node.outcomes().some(({ id, outcome }) => id === text && outcome === 'written'),
      )
    }
    await two.received(3)
    expect(two.texts).toEqual(['1', '2', '3'])
    const dropped = node.outcomes().filter(({ outcome }) => outcome === 'dropped')
    expect(dropped).toMatchObject([{ id: '3', link: 'absent', reason: 'outbox full' }])
  })

  it('drop with reason', async () => {
    const { node, two } = await routed(`
      return text === 'secret' ? { drop: 'not for outside' } : 'two'
    `)
    node.send('secret', { id: 'secret' })
    node.send('public')
    expect(await node.outcome('secret')).toEqual({
      type: 'outcome',
      id: 'secret',
      outcome: 'dropped',
      code: 'router-drop',
      reason: 'not for outside',
    })
    await two.received(1)
    expect(two.texts).toEqual(['public'])
  })

  it('defer: the router is asked again after the delay, with the number of deferrals', async () => {
    const { node, two } = await routed(`
      if (text === 'count' && message.deferrals < 3) return { defer: 20 }
      if (text === 'count') return { drop: 'asked again ' + message.deferrals + ' times' }
      const target = links.find((link) => link.id === 'absent')
      return target.state === 'up' ? ['two', 'absent'] : { defer: '20ms' }
    `)
    node.send('count', { id: 'count' })
    expect(await node.outcome('count')).toMatchObject({ reason: 'asked again 3 times' })

    node.send('for the absent one', { id: 'later' })
    node.send('count', { id: 'second count' })
    await node.outcome('second count')
    expect(node.outcomes().some(({ id }) => id === 'later')).toBe(false)
    const absent = await RawPeer.dial({ from: '127.0.0.9', port: node.port })
    await absent.received(1)
    await two.received(1)
    expect([absent.texts, two.texts]).toEqual([['for the absent one'], ['for the absent one']])
  })

  it('deferred for longer than deferMax it is undeliverable', async () => {
    const { node } = await routed(`return { defer: '10ms' }`, { top: 'deferMax: 200ms\n' })
    node.send('never', { id: 'never' })
    expect(await node.outcome('never')).toMatchObject({
      outcome: 'undeliverable',
      reason: 'deferred too long',
    })
  })

  it('asynchronous: the message follows the promise when it settles, and other messages do not wait', async () => {
    const { node, two } = await routed(
      `
      if (text === 'release') waiting.splice(0).forEach((resolve) => resolve('two'))
      if (text.startsWith('wait')) return new Promise((resolve) => waiting.push(resolve))
      return 'two'
    `,
      { head: 'const waiting = []', top: 'routerTimeout: 1h\n' },
    )
    for (const text of ['wait 1', 'wait 2', 'overtakes', 'release']) node.send(text)
    await two.received(4)
    expect(two.texts).toEqual(['overtakes', 'release', 'wait 1', 'wait 2'])
  })

  it.each([
    ['throwing', `throw new Error('no idea')`, 'router threw: Error: no idea'],
    ['rejecting', `return Promise.reject(new Error('no idea'))`, 'router threw: Error: no idea'],
    ['naming an unknown link', `return 'nowhere'`, 'no link "nowhere" in the table'],
    [
      'naming it in a promise',
      `return Promise.resolve('nowhere')`,
      'no link "nowhere" in the table',
    ],
    ['naming a position that is none', `return 99`, 'no link position 99 in the table'],
    ['naming an entry with several links', `return 'cell'`, '"cell" has 3 links'],
    ['naming nothing', `return undefined`, 'router named no link'],
    ['naming nobody', `return []`, 'router named no link'],
    ['answering something else', `return { to: 'two' }`, 'router named no link'],
  ])('%s costs that one message, never the node', async (_, answer, reason) => {
    const { node, two } = await routed(`if (text === 'bad') { ${answer} }\nreturn 'two'`)
    node.send('bad', { id: 'bad' })
    node.send('good', { id: 'good' })
    const outcome = await node.outcome('bad')
    expect(outcome.outcome).toBe('undeliverable')
    expect(outcome.reason).toContain(reason)
    await two.received(1)
    expect(two.texts).toEqual(['good'])
    await node.process.log(({ level, msg }) => level === 'warn' && msg.includes('undeliverable'))
    const { accepted, undeliverable, routed: routedMessages } = await node.stop()
    expect({ accepted, undeliverable, routedMessages }).toEqual({
      accepted: 2,
      undeliverable: 1,
      routedMessages: 1,
    })
  })

  it('naming a known and an unknown link delivers to neither', async () => {
    const { node, two } = await routed(`return text === 'bad' ? ['two', 'nowhere'] : 'two'`)
    node.send('bad', { id: 'bad' })
    node.send('good')
    expect(await node.outcome('bad')).toMatchObject({ outcome: 'undeliverable' })
    await two.received(1)
    expect(two.texts).toEqual(['good'])
  })

  it('too late: the message is undeliverable, and the late answer is counted and ignored', async () => {
    const { node, two } = await routed(
      `
      if (text === 'slow') return new Promise((resolve) => { answer = resolve })
      if (text === 'release') answer('two')
      return 'two'
    `,
      { head: 'let answer', top: 'routerTimeout: 100ms\n' },
    )
    node.send('slow', { id: 'slow' })
    expect(await node.outcome('slow')).toMatchObject({
      outcome: 'undeliverable',
      reason: 'router late',
    })
    node.send('release', { id: 'release' })
    await node.outcome('release')
    node.send('after', { id: 'after' })
    await two.received(2)
    expect(two.texts).toEqual(['release', 'after'])
    const { lateAnswers, undeliverable } = await node.stop()
    expect({ lateAnswers, undeliverable }).toEqual({ lateAnswers: 1, undeliverable: 1 })
  })

  it('without a router, the only link gets the message; with several links, it is dropped with advice', async () => {
    const listener = await RawListener.open({ host: '127.0.0.2' })
    const entry = `role: active, ip: 127.0.0.2, port: ${String(listener.port)}`
    const one = await RunningNode.start(`links: [{ id: only, ${entry} }]`)
    one.send('no need to say where')
    const peer = await listener.peer(1)
    await peer.received(1)
    expect(peer.texts).toEqual(['no need to say where'])

    const two = await RunningNode.start(`links: [{ id: a, ${entry} }, { id: b, ${entry} }]`)
    two.send('where to?', { id: 'question' })
    const outcome = await two.outcome('question')
    expect(outcome.outcome).toBe('dropped')
    expect(outcome.reason).toContain('router')
  })
})

describe('send with `to` does not ask the router', () => {
  it('by id, by position, to several, to all of an entry, to one connection', async () => {
    const { node, two, three } = await routed(`return { drop: 'the router was asked' }`)
    const first = await RawPeer.dial({ from: '127.0.1.1', port: node.port })
    await node.link('cell/1', 'up')
    node.send('by id', { to: 'two' })
    node.send('by position', { to: 1 })
    node.send('to several', { to: ['two', 'three', 'two'] })
    node.send('to all', { to: 'cell/*' })
    node.send('to one slot', { to: 'cell/1' })
    node.send('over this connection', { to: { link: 'cell/1', epoch: 1 } })
    await two.received(2)
    await three.received(2)
    await first.received(3)
    expect(two.texts).toEqual(['by id', 'to several'])
    expect(three.texts).toEqual(['by position', 'to several'])
    expect(first.texts).toEqual(['to all', 'to one slot', 'over this connection'])

    node.send('over another one', { to: { link: 'cell/1', epoch: 2 }, id: 'other epoch' })
    expect(await node.outcome('other epoch')).toMatchObject({ outcome: 'dropped', reason: 'epoch' })
    node.send('asked now', { id: 'asked' })
    expect(await node.outcome('asked')).toMatchObject({ reason: 'the router was asked' })
    expect(node.errors()).toEqual([])
  })

  it('and an invalid `to` is an error of that line', async () => {
    const { node } = await routed(`return 'two'`)
    node.send('x', { to: 'nowhere', id: 'unknown' })
    node.send('x', { to: 'cell', id: 'ambiguous' })
    node.send('x', { to: 'cell/2', id: 'nobody in it' })
    await node.until('three errors', () => node.errors().length === 3)
    expect(node.errors().map(({ code, id }) => [code, id])).toEqual([
      ['CML_ERR_LINK_UNKNOWN', 'unknown'],
      ['CML_ERR_LINK_AMBIGUOUS', 'ambiguous'],
      ['CML_ERR_LINK_DOWN', 'nobody in it'],
    ])
  })
})

describe('with relay: true received messages are routed too', () => {
  it('with `from`, so that a message is relayed to another link', async () => {
    const { node, two, three } = await routed(
      `
      if (message.from === undefined) return { drop: 'sent here' }
      return message.from.link === 'two' ? 'three' : 'two'
    `,
      { top: 'relay: true\n' },
    )
    await two.send('from two', '')
    await three.send('from three')
    await three.received(2)
    await two.received(1)
    expect([three.texts, two.texts]).toEqual([['from two', ''], ['from three']])
    // The application receives the relayed messages too.
    await node.received('two', 2)
    expect(node.texts('two')).toEqual(['from two', ''])
    node.send('mine', { id: 'mine' })
    expect(await node.outcome('mine')).toMatchObject({ reason: 'sent here' })
  })

  it('without it received messages are not relayed', async () => {
    const { node, two, three } = await routed(`return message.from ? 'three' : 'two'`)
    await two.send('stays')
    await node.received('two', 1)
    node.send('goes', { id: 'goes' })
    await node.outcome('goes')
    expect(three.receivedBytes).toBe(0)
    const { accepted } = await node.stop()
    expect(accepted).toBe(1)
  })

  it('a reply with { link, epoch } never reaches the next client in the slot', async () => {
    const { node, two } = await routed(
      `
      if (message.from.link.startsWith('cell')) {
        askers.set(text, message.from)
        return 'two'
      }
      return askers.get(text)
    `,
      { head: 'const askers = new Map()', top: 'relay: true\n' },
    )
    const client = await RawPeer.dial({ from: '127.0.1.1', port: node.port })
    await client.send('question 1', 'question 2')
    await two.received(2)
    await two.send('question 1')
    await client.received(1)
    expect(client.texts).toEqual(['question 1'])
    client.reset()
    await node.link('cell/1', 'awaiting', 1)
    const next = await RawPeer.dial({ from: '127.0.1.2', port: node.port })
    await node.link('cell/1', 'up', 2)
    await two.send('question 2')
    const dropped = await node.until('the dropped reply', () =>
      node.outcomes().find(({ outcome }) => outcome === 'dropped'),
    )
    expect(dropped).toMatchObject({ reason: 'epoch', link: 'cell/1', count: 1 })
    await next.send('question 3')
    await two.received(3)
    await two.send('question 3')
    await next.received(1)
    expect(next.texts).toEqual(['question 3'])
  })

  it('with backpressure from the target back to the source: the source’s socket stalls, and nothing is lost', async () => {
    const count = 1600
    const payloadBytes = 60_000
    const config = `router: ./router.mjs\nrelay: true\n${TABLE}`
    const files = { 'router.mjs': routerFile(`return 'three'`) }
    // Without --stdio, so that only the two peers use the node.
    const node = await RunningNode.start(config, { files, stdio: false })
    const source = await RawPeer.dial({ from: '127.0.0.2', port: node.port })
    const target = await RawPeer.dial({ from: '127.0.0.3', port: node.port, reading: false })
    const before = node.residentBytes
    for (const number of series(0, count)) void source.send(numbered(number, payloadBytes))
    const unsent = await settledAt('what the source still holds', () => source.unsentBytes)
    // The kernel buffers of both directions and one high-water mark are less than half of the traffic.
    expect(unsent).toBeGreaterThan((count * payloadBytes) / 2)
    expect(node.residentBytesMax - before).toBeLessThan(100 * MIB)

    target.resumeReading()
    await eventually('everything at the target', () => target.payloads.length === count)
    expect(target.payloads.map(numberOf)).toEqual(series(0, count))
    expect(source.unsentBytes).toBe(0)
    const { accepted, copies } = await node.stop()
    expect({ accepted, copies }).toEqual({ accepted: count, copies: count })
  })
})
