import { describe, expect, it } from 'vitest'
import { endCliProcessesAfterEach } from '@commloop/test-support/cli-process'
import { closePeersAfterEach, FramedPeer } from '@commloop/test-support/framed-peer'
import { freePort } from '@commloop/test-support/free-port'
import { closeTerminalsAfterEach, hasTerminal, Terminal } from '@commloop/test-support/terminal'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
closeTerminalsAfterEach()
closePeersAfterEach()
removeTestFoldersAfterEach()

async function node(): Promise<{ cwd: string; port: number }> {
  const port = await freePort()
  const config = {
    listen: { host: '127.0.0.1', port },
    links: [{ id: 'in', role: 'passive', ip: '127.0.0.1' }],
    relay: true,
    router: './hostile.mjs',
  }
  const route = 'throw new Error(String.fromCharCode(27) + "[2J\\u202egnp")'
  const files = { 'hostile.mjs': `export default { name: 'h', route() { ${route} } }` }
  return { cwd: testFolder({ '.commlooprc': config, ...files }), port }
}

describe.skipIf(!hasTerminal('tests of the log on a terminal'))('run on a terminal', () => {
  it('logs text, stops on Ctrl-C, and escapes control characters', async () => {
    const { cwd, port } = await node()
    const terminal = Terminal.start(['run'], { cwd, columns: 160 })
    await terminal.until((screen) =>
      screen.includes(`INFO: listening at 127.0.0.1:${String(port)}`),
    )
    expect(terminal.hasStyles).toBe(true)
    const peer = await FramedPeer.connect(port)
    peer.send('x')
    const screen = await terminal.until((text) => text.includes('undeliverable'))
    expect(screen).toMatch(/^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: configuration: \/.*\.commlooprc$/m)
    expect(screen).toMatch(/ INFO: transport tcp: @commloop\/transport-tcp \d/)
    expect(screen).toContain('\\u001b[2J\\u202egnp')
    terminal.press('C-c')
    await peer.until(({ hasEnded }) => hasEnded)
    peer.end()
    const last = await terminal.ended()
    expect(last).toContain('INFO: SIGINT: stopping, within 5s')
    expect(last).toContain('INFO: stopped')
    expect(last).toContain('ended with 0')
  })

  it('has no colours with NO_COLOR', async () => {
    const { cwd } = await node()
    const terminal = Terminal.start(['run'], { cwd, columns: 160, env: { NO_COLOR: '1' } })
    await terminal.until((screen) => screen.includes('INFO: listening'))
    expect(terminal.hasStyles).toBe(false)
  })
})
