import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { LinkStatus } from '@commloop/control'
import { endCliProcessesAfterEach } from '@commloop/test-support/cli-process'
import { ControlNode } from '@commloop/test-support/control-node'
import { closePeersAfterEach, FramedPeer } from '@commloop/test-support/framed-peer'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()
closePeersAfterEach()

const CONFIG = {
  node: 'plant',
  listen: { host: '127.0.0.1', port: 0 },
  links: [{ id: 'in', role: 'passive', ip: '127.0.0.1' }],
}

const SUBSCRIBER = `
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
const say = (fields) => process.stderr.write(JSON.stringify({ level: 'x', msg: 'channel', ...fields }) + '\\n')
const passed = ({ node, message: { direction, payload, link, epoch } }, name) => {
  const text = Buffer.from(payload).toString()
  say({ name, node, direction, text, link, epoch })
  if (text === 'enough') unsubscribe('commloop:message:received', passed)
}
export const watch = () => {
  subscribe('commloop:message:received', passed)
  subscribe('commloop:message:sent', passed)
}
subscribe('commloop:link:state', ({ node, change }, name) => say({ name, node, state: change.state }))
`

async function up(node: ControlNode): Promise<FramedPeer> {
  const peer = await FramedPeer.connect(node.port)
  await node.until<LinkStatus>('/v1/links/in', ({ state }) => state === 'up')
  return peer
}

function published(node: ControlNode): Record<string, unknown>[] {
  return node.process.stderrLines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === 'channel')
}

describe('diagnostic channels', () => {
  it('publish everything to a subscriber that was added before the start', async () => {
    const folder = testFolder({ 'watch.mjs': `${SUBSCRIBER}\nwatch()` })
    const node = await ControlNode.start(
      CONFIG,
      {},
      { nodeOptions: ['--import', join(folder, 'watch.mjs')] },
    )
    const peer = await up(node)
    peer.send('in')
    await node.ask('POST', '/v1/send', { payload: 'out', to: 'in' })
    await node.process.log(({ text }) => text === 'in')
    await node.process.log(({ text }) => text === 'out')
    const common = { node: 'plant', link: 'in', epoch: 1 }
    expect(published(node)).toMatchObject([
      { name: 'commloop:link:state', node: 'plant', state: 'awaiting' },
      { name: 'commloop:link:state', node: 'plant', state: 'up' },
      { name: 'commloop:message:received', direction: 'received', text: 'in', ...common },
      { name: 'commloop:message:sent', direction: 'sent', text: 'out', ...common },
    ])
    // A subscriber only observes: the message still counts as unhandled.
    expect(await node.get('/v1/status')).toMatchObject({ counters: { unhandled: 1, unheard: 1 } })
  })

  it('detect a subscriber that is added later, and one that leaves', async () => {
    const files = {
      'watch.mjs': SUBSCRIBER,
      'late.mjs': `import { watch } from './watch.mjs'
        export default { name: 'late', route: () => { watch(); return { drop: 'seen' } } }`,
    }
    const node = await ControlNode.start({ ...CONFIG, router: './late.mjs' }, files)
    const peer = await up(node)
    peer.send('too early')
    await node.until<LinkStatus>('/v1/links/in', ({ counters }) => counters.received === 1)
    await node.ask('POST', '/v1/send', { payload: 'wake' })
    const ping = setInterval(() => peer.send('ping'), 50)
    await node.process.log(({ text }) => text === 'ping')
    clearInterval(ping)
    peer.send('enough')
    await node.process.log(({ text }) => text === 'enough')
    peer.send('too late')
    await node.ask('POST', '/v1/send', { payload: 'last', to: 'in' })
    await node.process.log(({ text }) => text === 'last')
    const texts = published(node).map(({ text }) => text)
    expect(texts).not.toContain('too early')
    expect(texts).not.toContain('too late')
  })
})
