import { type ChildProcessByStdio, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { someToolIsMissing, toolPath } from '../interop/debian-tool.js'

const TOOLS = [
  { command: 'ip', package: 'iproute2' },
  { command: 'nft', package: 'nftables' },
  { command: 'unshare', package: 'util-linux' },
  { command: 'nsenter', package: 'util-linux' },
]

/** For `describe.skipIf`. Prints what is missing, so that tests are not skipped silently. */
export function noNetworkOfOurOwn(suite: string): boolean {
  if (someToolIsMissing(suite, TOOLS)) return true
  const tried = spawnSync('unshare', ['-Urn', 'true'], { encoding: 'utf8' })
  if (tried.status === 0) return false
  console.warn(`SKIPPED: ${suite}. Network namespaces are not permitted: ${tried.stderr.trim()}`)
  return true
}

export const NEAR_IP = '10.9.0.1'
export const FAR_IP = '10.9.0.2'

type Side = 'near' | 'far'

/**
 * Two machines and a cable between them, made of namespaces that the kernel removes with the last process in them.
 * Their holders read from a pipe of ours, so that they end with the test however it ends.
 *
 *     near 10.9.0.1 ──── veth ──── 10.9.0.2 far
 */
export class IsolatedNetwork {
  readonly #near: Holder
  readonly #far: Holder

  private constructor(near: Holder, far: Holder) {
    this.#near = near
    this.#far = far
  }

  static async open(): Promise<IsolatedNetwork> {
    const near = await Holder.open(['unshare', '-Urn'])
    const far = await Holder.open([...near.enter, 'unshare', '-n'])
    const network = new IsolatedNetwork(near, far)
    const pid = String(far.pid)
    network.run('near', 'ip', 'link', 'add', 'cable', 'type', 'veth', 'peer', 'cable', 'netns', pid)
    for (const [side, ip] of [
      ['near', NEAR_IP],
      ['far', FAR_IP],
    ] as const) {
      network.run(side, 'ip', 'link', 'set', 'lo', 'up')
      network.run(side, 'ip', 'address', 'add', `${ip}/24`, 'dev', 'cable')
      network.run(side, 'ip', 'link', 'set', 'cable', 'up')
      network.run(side, 'nft', 'add table inet fault')
      network.run(side, 'nft', 'add chain inet fault in { type filter hook input priority 0; }')
    }
    return network
  }

  /** The beginning of a command that runs on one of the machines. */
  within(side: Side): readonly string[] {
    return side === 'near' ? this.#near.enter : this.#far.enter
  }

  /** Runs a command in the network and waits for its end. @throws Error if it fails */
  run(side: Side, command: string, ...args: readonly string[]): string {
    const [first = '', ...rest] = [...this.within(side), toolPath(command) ?? command, ...args]
    return execFileSync(first, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }

  /** Drops what this machine receives over the cable. `rule` selects the packets, in the syntax of nft. */
  lose(side: Side, rule = ''): void {
    this.run(side, 'nft', `add rule inet fault in iif cable ${rule} drop`)
  }

  /** Nothing is lost any more. */
  heal(): void {
    for (const side of ['near', 'far'] as const) this.run(side, 'nft', 'flush chain inet fault in')
  }

  cable(state: 'up' | 'down'): void {
    this.run('near', 'ip', 'link', 'set', 'cable', state)
  }

  close(): void {
    this.#far.close()
    this.#near.close()
  }
}

/** A process that does nothing but keep namespaces alive. */
class Holder {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>
  readonly enter: readonly string[]
  readonly pid: number

  private constructor(process: ChildProcessByStdio<Writable, Readable, null>, pid: number) {
    this.#process = process
    this.pid = pid
    this.enter = ['nsenter', '--preserve-credentials', '-U', '-n', '-t', String(pid)]
  }

  static async open(within: readonly string[]): Promise<Holder> {
    const [command, ...args] = [...within, 'sh', '-c', 'echo $$; exec cat']
    const holder = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    const [line] = (await once(holder.stdout, 'data')) as [Buffer]
    return new Holder(holder, Number(line.toString()))
  }

  close(): void {
    this.#process.kill('SIGKILL')
    this.#process.stdin.destroy()
  }
}
