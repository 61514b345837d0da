import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import type { NodeStatus } from '@commloop/control'
import { describe, expect, it, vi } from 'vitest'
import { CliProcess, endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'
import { closePeersAfterEach, FramedPeer } from '@commloop/test-support/framed-peer'
import { freePort } from '@commloop/test-support/free-port'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()
closePeersAfterEach()

/** A small disk of the process alone, which a file fills except for the first kilobytes. */
const ON_FULL_DISK = [
  'mount -t tmpfs -o size=16m none "$0"',
  'head -c 16700000 /dev/zero > "$0/filler"',
  'exec "$@" > "$0/out"',
].join(' && ')

const tried = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt'])
if (tried.status !== 0)
  process.stderr.write('SKIPPED: tests of a full disk need mount namespaces\n')

/** A commloop whose stdout is a file on a disk that is nearly full, and a peer that has connected. */
class NodeOnFullDisk {
  readonly commloop: CliProcess
  readonly peer: FramedPeer
  readonly #folder: string

  private constructor(folder: string, commloop: CliProcess, peer: FramedPeer) {
    this.#folder = folder
    this.commloop = commloop
    this.peer = peer
  }

  static async start(): Promise<NodeOnFullDisk> {
    const port = await freePort()
    const links = [{ id: 'in', role: 'passive', ip: '127.0.0.1' }]
    const config = { listen: { host: '127.0.0.1', port }, links, stopDeadline: '300ms' }
    const folder = testFolder({ '.commlooprc': config, 'disk/empty': '' })
    const within = ['unshare', '-rm', 'sh', '-c', ON_FULL_DISK, `${folder}/disk`]
    const args = ['run', '--stdio', '--text', '--keep-open']
    const commloop = CliProcess.start(args, { cwd: folder, within })
    await commloop.log(({ msg }) => msg.startsWith('control socket'))
    return new NodeOnFullDisk(folder, commloop, await FramedPeer.connect(port))
  }

  #onDisk(name: string): string {
    return `/proc/${String(this.commloop.pid)}/root${this.#folder}/disk/${name}`
  }

  makeRoom(): void {
    rmSync(this.#onDisk('filler'))
  }

  get payloads(): unknown[] {
    const lines = readFileSync(this.#onDisk('out'), 'utf8').split('\n')
    return lines.slice(0, -1).flatMap((line) => {
      const { type, payload } = JSON.parse(line) as { type: string; payload: unknown }
      return type === 'message' ? [payload] : []
    })
  }

  async status(): Promise<{ code: number | null; status: NodeStatus; text: string }> {
    const { code, stdout } = await runCli(['status', '--json'], { cwd: this.#folder })
    const { stdout: text } = await runCli(['status'], { cwd: this.#folder })
    return { code, status: JSON.parse(stdout) as NodeStatus, text }
  }
}

describe.skipIf(tried.status !== 0)('stdout on a full disk', () => {
  const COUNT = 3_000
  const payloads = Array.from({ length: COUNT }, (_, at) => `${String(at)} ${'x'.repeat(2_000)}`)

  it('loses no message: links are not read until there is room, and status says so', async () => {
    const node = await NodeOnFullDisk.start()
    node.peer.send(...payloads)
    await node.commloop.log(({ msg }) => msg.startsWith('stdout cannot be written'))
    const { code, status, text } = await node.status()
    expect(code).toBe(4)
    expect(status).toMatchObject({ ok: false, missing: [], output: { state: 'failing' } })
    expect(status.output?.reason).toContain('ENOSPC')
    expect(status.output?.failedWrites).toBeGreaterThan(0)
    expect(text).toContain('stdout cannot be written')
    expect(status.links[0]?.counters.received).toBeLessThan(COUNT)
    node.makeRoom()
    await node.commloop.log(({ msg }) => msg.startsWith('stdout can be written again'))
    await vi.waitUntil(() => node.payloads.length >= COUNT, { timeout: 15_000, interval: 100 })
    expect(node.payloads).toEqual(payloads)
    const after = await node.status()
    expect(after.code).toBe(0)
    expect(after.status.output).toMatchObject({ state: 'open', discardedMessages: 0, reason: null })
    node.commloop.kill('SIGTERM')
    expect(await node.commloop.exit()).toMatchObject({ code: 0 })
  }, 60_000)

  it('that has no room when the node stops makes the exit code 1, and the log says what was lost', async () => {
    const node = await NodeOnFullDisk.start()
    node.peer.send(...payloads)
    await node.commloop.log(({ msg }) => msg.startsWith('stdout cannot be written'))
    node.commloop.kill('SIGTERM')
    const { messages } = await node.commloop.log(({ msg }) =>
      msg.startsWith('stdout could not be written within 300ms'),
    )
    expect(messages).toBeGreaterThan(0)
    expect(await node.commloop.exit()).toMatchObject({ code: 1 })
  }, 30_000)
})
