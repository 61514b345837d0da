import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CliProcess } from '@commloop/test-support/cli-process'
import { closeTerminalsAfterEach, hasTerminal, Terminal } from '@commloop/test-support/terminal'
import { testFolder } from '@commloop/test-support/test-folder'
import { eventually } from '../peer/eventually.js'
import { RawListener } from '../peer/raw-listener.js'
import { cleanUpAfterEach } from './clean-up.js'

cleanUpAfterEach()
closeTerminalsAfterEach()

const table = (port: number): object => ({
  links: [{ id: 'out', role: 'active', ip: '127.0.0.1', port }],
})

describe('SIGHUP', () => {
  it('before the node runs does not end it, and reloads later', async () => {
    const peer = await RawListener.open({ host: '127.0.0.1' })
    const folder = testFolder({
      '.commlooprc': { ...table(peer.port), router: './slow.mjs' },
      // Requests a reload while it is loaded: the latest moment before the node exists.
      'slow.mjs':
        'process.kill(process.pid, "SIGHUP")\n' +
        'await new Promise((resolve) => setTimeout(resolve, 50))\n' +
        'export default { name: "slow", route: () => "out" }\n',
    })
    const node = CliProcess.start(['run', '--config', join(folder, '.commlooprc')])
    await node.log(({ msg }) => msg.startsWith('reloaded ') && msg.endsWith('no changes'))
    node.kill('SIGTERM')
    expect((await node.exit()).code).toBe(0)
  })

  it.skipIf(!hasTerminal('tests of a terminal that goes away'))(
    'of a terminal that closes stops the node in order',
    async () => {
      const peer = await RawListener.open({ host: '127.0.0.1' })
      // A process that the signal kills does not write a last log line.
      const witness =
        'import { writeFileSync } from "node:fs"\n' +
        'process.once("exit", (code) => writeFileSync("ended", `with ${String(code)}`))\n' +
        'export default { name: "witness", route: () => "out" }\n'
      const config = { ...table(peer.port), router: './witness.mjs' }
      const cwd = testFolder({ '.commlooprc': config, 'witness.mjs': witness })
      const terminal = Terminal.start(['run'], { cwd })
      const connection = await peer.peer(1)
      await terminal.until((screen) => screen.includes('out is up'))
      terminal.close()
      await connection.fin()
      connection.finish()
      const ended = join(cwd, 'ended')
      await eventually(
        'the last word of the node',
        () => existsSync(ended) && readFileSync(ended, 'utf8') !== '',
      )
      expect(readFileSync(ended, 'utf8')).toBe('with 0')
    },
  )
})
