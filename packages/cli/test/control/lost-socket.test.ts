import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { CliProcess, endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'
import { closeClientsAfterEach, ControlNode } from '@commloop/test-support/control-node'
import {
  removeTestFoldersAfterEach,
  shortTestFolder,
  testFolder,
} from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()
closeClientsAfterEach()

const CONFIG = {
  node: 'plant',
  listen: { host: '127.0.0.1', port: 0 },
  links: [{ id: 'in', role: 'passive', ip: '127.0.0.1' }],
}

/** Puts the socket of another process at a path where there is one. */
async function otherProcessAt(path: string): Promise<Server> {
  const other = createServer()
  onTestFinished(() => void other.close())
  other.listen(`${path}.new`)
  await once(other, 'listening')
  renameSync(`${path}.new`, path)
  return other
}

function madeAgain({ msg }: { readonly msg: string }): boolean {
  return msg.endsWith('(made again)')
}

describe('a control socket that was lost', () => {
  it('is made again after its folder was removed, and open streams continue', async () => {
    const XDG_RUNTIME_DIR = join(shortTestFolder(), 'user')
    mkdirSync(XDG_RUNTIME_DIR, { mode: 0o700 })
    const node = await ControlNode.start(CONFIG, {}, { env: { XDG_RUNTIME_DIR } })
    const stream = node.events('?types=link')
    await stream.until(({ text }) => text.includes('event: ready'))
    rmSync(XDG_RUNTIME_DIR, { recursive: true })
    mkdirSync(XDG_RUNTIME_DIR, { mode: 0o700 })
    const { level, control } = await node.process.log(madeAgain)
    expect([level, control]).toEqual(['info', node.socket])
    expect((statSync(node.socket).mode & 0o777).toString(8)).toBe('600')
    expect(await node.get('/v1/status')).toMatchObject({ pid: node.process.pid })
    expect((await node.ask('POST', '/v1/links/in/disable')).status).toBe(200)
    await stream.until(({ text }) => text.includes('"state":"idle"'))
    await node.stop()
    expect(existsSync(node.socket)).toBe(false)
  })

  it('is made in another folder if the first cannot be used any more, and is found there', async () => {
    const XDG_RUNTIME_DIR = shortTestFolder()
    const TMPDIR = shortTestFolder()
    const env = { XDG_RUNTIME_DIR, TMPDIR }
    const node = await ControlNode.start(CONFIG, {}, { env })
    rmSync(XDG_RUNTIME_DIR, { recursive: true })
    const { control } = await node.process.log(madeAgain)
    expect(dirname(String(control))).not.toBe(dirname(node.socket))
    expect(await runCli(['status'], { cwd: node.folder, env })).toMatchObject({ code: 0 })
    await node.stop()
    expect(existsSync(String(control))).toBe(false)
  })

  it('is left to a process that has put its own there, and is made again when that process has ended', async () => {
    const control = join(shortTestFolder(), 'c.sock')
    const node = await ControlNode.start({ ...CONFIG, control })
    const other = await otherProcessAt(control)
    const { ino } = statSync(control)
    const { level, msg } = await node.process.log(({ msg }) => msg.includes('another process'))
    expect(level).toBe('warn')
    expect(msg).toContain(`another process listens at ${control}`)
    expect(statSync(control).ino).toBe(ino)
    other.close()
    await node.process.log(madeAgain)
    expect(await node.get('/v1/status')).toMatchObject({ pid: node.process.pid })
  })

  it('is not removed at the stop if another process has put its own there', async () => {
    const control = join(shortTestFolder(), 'c.sock')
    const node = await ControlNode.start({ ...CONFIG, control })
    await otherProcessAt(control)
    await node.stop()
    expect(existsSync(control)).toBe(true)
  })

  it('is made as soon as its folder can be used, if it could not be used at the start', async () => {
    const folder = shortTestFolder()
    const place = join(folder, 'run')
    writeFileSync(place, '')
    const control = join(place, 'c.sock')
    const node = CliProcess.start([], {
      cwd: testFolder({ '.commlooprc': { ...CONFIG, control } }),
      stdin: 'ignore',
    })
    const { level } = await node.log(({ msg }) => msg.startsWith('no control socket'))
    expect(level).toBe('warn')
    rmSync(place)
    await node.log(({ msg }) => msg === `control socket: ${control} (made again)`)
    expect(existsSync(control)).toBe(true)
  })

  it('goes to a second node of the same configuration when the first has ended', async () => {
    const first = await ControlNode.start(CONFIG)
    const second = CliProcess.start([], { cwd: first.folder, stdin: 'ignore' })
    await second.log(({ msg }) => msg.startsWith('another node is already running this'))
    await first.stop()
    await second.log(madeAgain)
    expect(await first.get('/v1/status')).toMatchObject({ pid: second.pid })
  })
})

describe('the commands for a running node', () => {
  it('find it from another environment', async () => {
    const node = await ControlNode.start(
      CONFIG,
      {},
      { env: { XDG_RUNTIME_DIR: shortTestFolder() } },
    )
    for (const env of [{ XDG_RUNTIME_DIR: undefined }, { XDG_RUNTIME_DIR: shortTestFolder() }]) {
      for (const command of [['status'], ['disable', 'in'], ['enable', 'in'], ['reload']]) {
        const { code, stderr } = await runCli(command, { cwd: node.folder, env })
        expect({ command, code, stderr }).toMatchObject({ code: 0 })
      }
      const { stdout } = await runCli(['doctor', '--json'], { cwd: node.folder, env })
      expect(JSON.parse(stdout)).toMatchObject({ pid: node.process.pid })
    }
  })
})

const canBeOthers = process.getuid?.() === 0 && spawnSync('setpriv', ['--version']).status === 0
if (!canBeOthers) {
  process.stderr.write('SKIPPED: tests of other users need root and setpriv (util-linux)\n')
}

describe.skipIf(!canBeOthers)(
  'a user without HOME and without an entry in the user database',
  () => {
    const USER = 54_321

    it('can use every command that reads the configuration', async () => {
      const folder = testFolder({ '.commlooprc': CONFIG })
      chmodSync(folder, 0o755)
      const ids = [`--reuid=${String(USER)}`, `--regid=${String(USER)}`, '--clear-groups']
      const options = { cwd: folder, within: ['setpriv', ...ids, 'env', '-i'] }
      const node = await ControlNode.startIn(folder, options)
      for (const command of ['check', 'status', 'doctor', 'graph', 'mirror', 'reload']) {
        const { code, stderr } = await runCli([command], options)
        expect({ command, code, stderr }).toEqual({ command, code: 0, stderr: '' })
      }
      await node.stop()
    })
  },
)
