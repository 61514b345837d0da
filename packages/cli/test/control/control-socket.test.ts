import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { LinkStatus } from '@commloop/control'
import { CliProcess, endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'
import { closeClientsAfterEach, ControlNode } from '@commloop/test-support/control-node'
import { closePeersAfterEach, FramedPeer } from '@commloop/test-support/framed-peer'
import { freePort } from '@commloop/test-support/free-port'
import {
  removeTestFoldersAfterEach,
  shortTestFolder,
  testFolder,
} from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()
closeClientsAfterEach()
closePeersAfterEach()

const CONFIG = {
  node: 'plant l2',
  listen: { host: '127.0.0.1', port: 0 },
  links: [{ id: 'in', role: 'passive', ip: '127.0.0.1' }],
}

/** The access bits of a file, in octal. */
function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8)
}

function start(folder: string, env: Record<string, string>, args: string[] = []): CliProcess {
  return CliProcess.start(args, { cwd: folder, env, stdin: 'ignore' })
}

describe('the control socket', () => {
  it('is accessible only to its owner, like its folder, and is named after the node and the configuration', async () => {
    const XDG_RUNTIME_DIR = shortTestFolder()
    const node = await ControlNode.start(CONFIG, {}, { env: { XDG_RUNTIME_DIR } })
    expect(node.socket).toMatch(/\/commloop\/plant_l2-[0-9a-f]{12}\.sock$/)
    expect(dirname(dirname(node.socket))).toBe(XDG_RUNTIME_DIR)
    expect([modeOf(node.socket), modeOf(dirname(node.socket))]).toEqual(['600', '700'])
    // The temporary socket is gone.
    expect(readdirSync(dirname(node.socket))).toHaveLength(1)
  })

  it('is accessible only to its owner with any umask', async () => {
    const XDG_RUNTIME_DIR = shortTestFolder()
    const folder = testFolder({
      '.commlooprc': { ...CONFIG, router: './open.mjs' },
      'open.mjs': 'process.umask(0)\nexport default { name: "open", route: () => "in" }\n',
    })
    const node = await ControlNode.startIn(folder, { env: { XDG_RUNTIME_DIR } })
    expect([modeOf(node.socket), modeOf(dirname(node.socket))]).toEqual(['600', '700'])
  })

  it('also exists with run --stdio, and is removed when the node stops', async () => {
    const node = await ControlNode.start(CONFIG, {}, { args: ['run', '--stdio'], stdin: 'pipe' })
    expect(await node.get('/v1/status')).toMatchObject({ node: 'plant l2', ok: true })
    node.process.endInput()
    expect(await node.process.exit()).toEqual({ code: 0, signal: null })
    expect(existsSync(node.socket)).toBe(false)
  })

  it('is removed when a second signal ends the node immediately', async () => {
    const port = await freePort()
    const links = [{ id: 'in', role: 'passive', ip: '127.0.0.1', linger: '1h' }]
    const node = await ControlNode.start({
      ...CONFIG,
      links,
      listen: { ...CONFIG.listen, port },
      stopDeadline: '1h',
    })
    // A peer that keeps its connection open delays the stop.
    await FramedPeer.connect(node.port)
    await node.until<LinkStatus>('/v1/links/in', ({ state }) => state === 'up')
    node.process.kill('SIGTERM')
    await node.process.log(({ msg }) => msg.startsWith('in is draining'))
    const again = setInterval(() => {
      node.process.kill('SIGTERM')
    }, 50)
    expect(await node.process.exit()).toEqual({ code: 1, signal: null })
    clearInterval(again)
    expect(existsSync(node.socket)).toBe(false)
  })

  it('does not exist with control: false', async () => {
    const XDG_RUNTIME_DIR = shortTestFolder()
    const folder = testFolder({ '.commlooprc': { ...CONFIG, control: false } })
    const node = start(folder, { XDG_RUNTIME_DIR })
    await node.log(({ msg }) => msg.startsWith('in is awaiting'))
    const { code, stderr } = await runCli(['status'], { cwd: folder, env: { XDG_RUNTIME_DIR } })
    expect(stderr).toContain('sets `control: false`')
    expect(code).toBe(5)
    node.kill('SIGTERM')
    await node.exit()
    expect(readdirSync(XDG_RUNTIME_DIR)).toEqual([])
    expect(node.stderrText).not.toContain('control socket')
  })

  it('is at the path in `control`, relative to the configuration', async () => {
    const node = await ControlNode.start({ ...CONFIG, control: 'run/c.sock' })
    expect(node.socket).toBe(join(node.folder, 'run/c.sock'))
    expect([modeOf(node.socket), modeOf(dirname(node.socket))]).toEqual(['600', '700'])
    const { code } = await runCli(['status'], { cwd: node.folder })
    expect(code).toBe(0)
  })

  it('replaces the socket of a process that was killed', async () => {
    const first = await ControlNode.start(CONFIG)
    first.process.kill('SIGKILL')
    await first.process.exit()
    expect(existsSync(first.socket)).toBe(true)
    const second = await ControlNode.startIn(first.folder)
    expect(second.socket).toBe(first.socket)
    expect(await second.get('/v1/status')).toMatchObject({ pid: second.process.pid })
  })

  it('stays with its node: a second node of the same configuration logs a warning and runs without a socket', async () => {
    const first = await ControlNode.start(CONFIG)
    const second = start(first.folder, {})
    const { level, msg } = await second.log(({ msg }) =>
      msg.startsWith('another node is already running this'),
    )
    expect(level).toBe('warn')
    expect(msg).toContain('Stop one of them')
    expect(msg).toContain(first.socket)
    second.kill('SIGTERM')
    expect(await second.exit()).toMatchObject({ code: 0 })
    // The second node has not changed the socket of the first.
    expect(await first.get('/v1/status')).toMatchObject({ pid: first.process.pid })
  })

  it.each([
    [
      'a file',
      (path: string) => {
        writeFileSync(path, 'precious')
      },
      'is not a socket: not replaced',
    ],
    [
      'a folder',
      (path: string) => {
        mkdirSync(path)
      },
      'is not a socket: not replaced',
    ],
    [
      'a link',
      (path: string) => {
        symlinkSync('/dev/null', path)
      },
      'is not a socket: not replaced',
    ],
  ])('does not replace %s', async (_, put, problem) => {
    const folder = testFolder({ '.commlooprc': { ...CONFIG, control: 'c.sock' } })
    put(join(folder, 'c.sock'))
    const node = start(folder, {})
    const { msg } = await node.log(({ msg }) => msg.startsWith('no control socket'))
    expect(msg).toContain(problem)
  })

  it.each([
    [
      'is a symbolic link',
      (place: string) => {
        symlinkSync(testFolder(), place)
      },
      'is a symbolic link',
    ],
    [
      'is open to others',
      (place: string) => {
        mkdirSync(place)
        chmodSync(place, 0o755)
      },
      'chmod 700',
    ],
    [
      'is a file',
      (place: string) => {
        writeFileSync(place, '')
      },
      'is not a folder',
    ],
  ])('is not created in a folder that %s', async (_, put, problem) => {
    const XDG_RUNTIME_DIR = shortTestFolder()
    put(join(XDG_RUNTIME_DIR, 'commloop'))
    const control = join(XDG_RUNTIME_DIR, 'commloop')
    const { folderProblem } = await import('@commloop/control/socket-path')
    expect(folderProblem(control, process.getuid?.() ?? 0)).toContain(problem)
    const node = start(testFolder({ '.commlooprc': CONFIG }), {
      XDG_RUNTIME_DIR,
      TMPDIR: XDG_RUNTIME_DIR,
    })
    const line = await node.log(({ msg }) => /control socket/.test(msg))
    expect(JSON.stringify(line)).not.toContain(`${control}/`)
    // If the node used another folder, let it remove its socket.
    node.kill('SIGTERM')
    await node.exit()
  })

  it('is in the next folder if its path would be too long for the system', async () => {
    const long = join(shortTestFolder(), 'x'.repeat(90))
    mkdirSync(long)
    const env = { XDG_RUNTIME_DIR: long }
    const node = await ControlNode.start(CONFIG, {}, { env })
    expect(Buffer.byteLength(node.socket)).toBeLessThanOrEqual(107)
    expect(readdirSync(long)).toEqual([])
    expect(await runCli(['status'], { cwd: node.folder, env })).toMatchObject({ code: 0 })
    // The folder is shared by all nodes of this user, so the node must remove its socket.
    await node.stop()
  })

  it('is opened behind a symbolic link to a folder that only its owner can change', async () => {
    const real = shortTestFolder()
    const link = join(shortTestFolder(), 'run')
    symlinkSync(real, link)
    const node = await ControlNode.start({ ...CONFIG, control: join(link, 'c.sock') })
    expect(await runCli(['status'], { cwd: node.folder })).toMatchObject({ code: 0 })
    chmodSync(real, 0o777)
    const { code, stderr } = await runCli(['status'], { cwd: node.folder })
    expect(stderr).toContain(`${real} can be changed by other users: chmod go-w ${real}`)
    expect(code).toBe(5)
  })
})

const setpriv = spawnSync('setpriv', ['--version']).status === 0
const canBeOthers = process.getuid?.() === 0 && setpriv
if (!canBeOthers) {
  process.stderr.write('SKIPPED: tests of other users need root and setpriv (util-linux)\n')
}

describe.skipIf(!canBeOthers)('another user of the machine', () => {
  const OTHER_UID = 65_534

  function asOtherUser(script: string): { status: number | null; stdout: string } {
    const args = [`--reuid=${String(OTHER_UID)}`, `--regid=${String(OTHER_UID)}`, '--clear-groups']
    return spawnSync('setpriv', [...args, process.execPath, '-e', script], { encoding: 'utf8' })
  }

  function connecting(path: string): string {
    return `require('net').connect(${JSON.stringify(path)}).on('connect', () => { console.log('in'); process.exit() }).on('error', (e) => console.log(e.code))`
  }

  it('cannot connect to it, neither in its default folder nor in a public folder', async () => {
    const open = shortTestFolder()
    chmodSync(open, 0o1777)
    const control = join(open, 'c.sock')
    const usual = await ControlNode.start(CONFIG)
    const chosen = await ControlNode.start({ ...CONFIG, control })
    expect(asOtherUser(connecting(usual.socket)).stdout).toBe('EACCES\n')
    expect(asOtherUser(connecting(chosen.socket)).stdout).toBe('EACCES\n')
    expect(await chosen.get('/v1/status')).toMatchObject({ ok: true })
  })

  it('cannot provide the folder that a node or a command uses', async () => {
    const XDG_RUNTIME_DIR = shortTestFolder()
    chmodSync(XDG_RUNTIME_DIR, 0o1777)
    const place = join(XDG_RUNTIME_DIR, 'commloop')
    asOtherUser(`require('fs').mkdirSync(${JSON.stringify(place)}, { mode: 0o700 })`)
    expect(statSync(place).uid).toBe(OTHER_UID)
    const { folderProblem, ownFolderProblem } = await import('@commloop/control/socket-path')
    expect(folderProblem(place, 0)).toContain('belongs to user 65534, not to us')
    expect(ownFolderProblem(place, 0)).toContain('belongs to user 65534, not to us')
    const folder = testFolder({ '.commlooprc': CONFIG })
    const { stderr, code } = await runCli(['status'], { cwd: folder, env: { XDG_RUNTIME_DIR } })
    expect(stderr).toContain(`${place} belongs to user 65534, not to us`)
    expect(code).toBe(5)
  })

  it('receives nothing from commands if its socket is in the place of that of the node', async () => {
    const open = shortTestFolder()
    chmodSync(open, 0o1777)
    const control = join(open, 'c.sock')
    const folder = testFolder({ '.commlooprc': { ...CONFIG, control } })
    const listening = `require('net').createServer(s => s.on('data', d => console.log('stolen ' + d))).listen(${JSON.stringify(control)}, () => { require('fs').chmodSync(${JSON.stringify(control)}, 0o777); console.log('listening') })`
    const args = [`--reuid=${String(OTHER_UID)}`, `--regid=${String(OTHER_UID)}`, '--clear-groups']
    const thief = spawn('setpriv', [...args, process.execPath, '-e', listening])
    onTestFinished(() => void thief.kill())
    let seen = ''
    thief.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()))
    await once(thief.stdout, 'data')
    for (const command of [
      ['send', 'secret', '--to', 'in'],
      ['status', '--control', control],
    ]) {
      const { code, stderr } = await runCli(command, { cwd: folder })
      expect(stderr).toContain(`${control} belongs to user 65534, not to us`)
      expect(code).toBe(5)
    }
    expect(seen).toBe('listening\n')
  })

  it('has a node that root finds through sudo, and not in a folder that any user could have made', async () => {
    const XDG_RUNTIME_DIR = shortTestFolder()
    chownSync(XDG_RUNTIME_DIR, OTHER_UID, OTHER_UID)
    const folder = testFolder({ '.commlooprc': CONFIG })
    chmodSync(folder, 0o755)
    const args = [`--reuid=${String(OTHER_UID)}`, `--regid=${String(OTHER_UID)}`, '--clear-groups']
    const node = await ControlNode.startIn(folder, {
      env: { XDG_RUNTIME_DIR },
      within: ['setpriv', ...args],
    })
    const asRoot = await runCli(['status'], { cwd: folder })
    expect(asRoot.stderr).toContain(`${dirname(node.socket)} belongs to user 65534, not to us`)
    expect(asRoot.code).toBe(5)
    const env = { SUDO_UID: String(OTHER_UID) }
    expect(await runCli(['status'], { cwd: folder, env })).toMatchObject({ code: 0 })
    // The folder is in /tmp, which is open to all: root must not trust its owner only because of the path.
    const named = await runCli(['status', '--control', node.socket], { cwd: folder })
    expect(named).toMatchObject({ code: 5 })
  })

  it('has a node that root reaches in a folder that root has made for it', async () => {
    const given = shortTestFolder('/run')
    chownSync(given, OTHER_UID, OTHER_UID)
    chmodSync(given, 0o755)
    const folder = testFolder({ '.commlooprc': CONFIG })
    chmodSync(folder, 0o755)
    const args = [`--reuid=${String(OTHER_UID)}`, `--regid=${String(OTHER_UID)}`, '--clear-groups']
    const node = await ControlNode.startIn(folder, {
      env: { XDG_RUNTIME_DIR: undefined, RUNTIME_DIRECTORY: given },
      within: ['setpriv', ...args],
    })
    expect(dirname(node.socket)).toBe(given)
    const named = await runCli(['status', '--control', node.socket], { cwd: folder })
    expect(named).toMatchObject({ code: 0, stderr: '' })
    const own = await runCli(['status'], { cwd: folder, within: ['setpriv', ...args] })
    expect(own).toMatchObject({ code: 0, stderr: '' })
  })

  it('keeps a socket at the configured path: the node does not replace it', async () => {
    const open = shortTestFolder()
    chmodSync(open, 0o1777)
    const control = join(open, 'c.sock')
    const script = `const s = require('net').createServer().listen(${JSON.stringify(control)}, () => process.kill(process.pid, 'SIGKILL'))`
    asOtherUser(script)
    expect(statSync(control).uid).toBe(OTHER_UID)
    const node = start(testFolder({ '.commlooprc': { ...CONFIG, control } }), {})
    const { msg } = await node.log(({ msg }) => msg.startsWith('no control socket'))
    expect(msg).toContain('belongs to user 65534: not replaced')
  })
})
