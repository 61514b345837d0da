import { describe, expect, it } from 'vitest'
import { endCliProcessesAfterEach } from '@commloop/test-support/cli-process'
import { ControlNode } from '@commloop/test-support/control-node'
import { closePeersAfterEach, FramedPeer } from '@commloop/test-support/framed-peer'
import { freePort } from '@commloop/test-support/free-port'
import { closeTerminalsAfterEach, hasTerminal, Terminal } from '@commloop/test-support/terminal'
import { removeTestFoldersAfterEach } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
closeTerminalsAfterEach()
closePeersAfterEach()
removeTestFoldersAfterEach()

const CONFIG = {
  node: 'plant',
  listen: { host: '127.0.0.1', port: 0 },
  audit: { grace: '100ms' },
  reconnect: { use: 'exponential', min: '1h', initial: '1h', max: '1h' },
}

async function started(): Promise<{ node: ControlNode; peer: FramedPeer }> {
  const port = await freePort()
  const links = [
    { id: 'in', role: 'passive', ip: '127.0.0.1' },
    { id: 'out', role: 'active', ip: '127.0.0.1', port },
  ]
  const node = await ControlNode.start({ ...CONFIG, links })
  return { node, peer: await FramedPeer.connect(node.port) }
}

describe.skipIf(!hasTerminal('tests of top on a terminal'))('top on a terminal', () => {
  it('shows states, rates and graphs, and restores the terminal on q', async () => {
    const { node, peer } = await started()
    const top = Terminal.start(['top'], { cwd: node.folder, columns: 160, rows: 16 })
    const ping = setInterval(() => peer.send('x'), 10)
    const screen = await top.until((text) => /^in +up .* \d\d [ ▁-█]*[▁-█]/m.test(text))
    clearInterval(ping)
    expect(top.isOnSecondScreen).toBe(true)
    expect(top.cursorIsShown).toBe(false)
    expect(screen).toMatch(/^plant +process \d+, up for .* MISSING: out absent/m)
    expect(screen).toMatch(/^1 of 2 links up +sent 0\/s, 0 B\/s +received \d+\/s/m)
    expect(screen).toMatch(/^link +state +peer +sent\/s +received\/s +queue/m)
    // The time until the next dial counts down.
    expect(screen).toMatch(
      /^out +backoff .*dials in (59|60) min.*, attempt 1: connect ECONNREFUSED/m,
    )
    expect(top.coloredScreen).toContain('\x1b[32mup')
    top.press('q')
    const last = await top.ended()
    expect(last).toContain('ended with 0')
    expect(last).not.toContain('links up')
    expect(top.isOnSecondScreen).toBe(false)
    expect(top.cursorIsShown).toBe(true)
  })

  it('shows how full a queue is', async () => {
    const { node } = await started()
    for (let count = 0; count < 3; count++) {
      const base64 = Buffer.alloc(60_000).toString('base64')
      void node
        .ask('POST', '/v1/send', { base64, to: 'out', timeout: '60s', ttl: '1h' })
        .catch(() => undefined)
    }
    const top = Terminal.start(['status', '--watch'], { cwd: node.folder, columns: 160, rows: 16 })
    await top.until((text) => /^out +backoff .* 3 1%/m.test(text))
  })

  it('retries when the node is gone, and shows the next node', async () => {
    const { node } = await started()
    const top = Terminal.start(['top'], { cwd: node.folder, columns: 120, rows: 16 })
    await top.until((text) => text.includes('links up'))
    await node.stop()
    await top.until((text) => /no node .*; retrying/.test(text))
    const next = await ControlNode.startIn(node.folder)
    await top.until(
      (text) =>
        text.includes(`process ${String(next.process.pid)}`) && text.includes('q or Ctrl-C'),
    )
    top.press('C-c')
    expect(await top.ended()).toContain('ended with 0')
    expect(top.cursorIsShown).toBe(true)
  })

  it.each([
    [40, 30],
    [100, 6],
    [20, 4],
  ])('fits a terminal of %i columns and %i rows', async (columns, rows) => {
    const { node } = await started()
    const top = Terminal.start(['top'], { cwd: node.folder, columns, rows })
    const screen = await top.until((text) => /^plant/m.test(text))
    expect(screen).toMatch(/^plant/)
  })

  it('has no colours with NO_COLOR; `status` has colours without it', async () => {
    const { node } = await started()
    const plain = Terminal.start(['top'], { cwd: node.folder, env: { NO_COLOR: '1' } })
    await plain.until((text) => text.includes('links up'))
    expect(plain.hasStyles).toBe(false)
    const status = Terminal.start(['status'], { cwd: node.folder })
    await status.ended()
    expect(status.coloredScreen).toContain('\x1b[32mup')
  })
})
