import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { testFolder } from '@commloop/test-support/test-folder'

const NAME_SERVER = fileURLToPath(new URL('name-server.mjs', import.meta.url))
const NAME_SERVER_IP = '127.0.0.53'

/** What the names of the machine lead to. The name server is silent about every name that is not listed. */
export interface Names {
  /** In the name server: a name and its address, or several joined by `+`. */
  readonly served?: Readonly<Record<string, string>>
  /** In `/etc/hosts`, line by line. */
  readonly hosts?: readonly string[]
  /** More lines of `/etc/resolv.conf`, such as `search plant.example`. */
  readonly rules?: readonly string[]
}

/**
 * A machine with loopback only, files of names of its own and a name server, made of namespaces that the kernel removes
 * with the last process in them.
 */
export class NamedNetwork {
  /** The beginning of a command that runs on this machine. */
  readonly within: readonly string[]
  readonly #holder: ChildProcessByStdio<Writable, Readable, null>
  #server: ChildProcessByStdio<Writable, Readable, null> | undefined

  private constructor(holder: ChildProcessByStdio<Writable, Readable, null>, pid: number) {
    this.#holder = holder
    this.within = ['nsenter', '--preserve-credentials', '-U', '-m', '-n', '-t', String(pid)]
  }

  static async open(names: Names): Promise<NamedNetwork> {
    const folder = testFolder({
      hosts: ['127.0.0.1 localhost', ...(names.hosts ?? []), ''].join('\n'),
      'resolv.conf': [`nameserver ${NAME_SERVER_IP}`, ...(names.rules ?? []), ''].join('\n'),
    })
    const binds = ['hosts', 'resolv.conf'].map(
      (file) => `mount --bind ${join(folder, file)} /etc/${file}`,
    )
    const script = ['ip link set lo up', ...binds, 'echo $$', 'exec cat'].join(' && ')
    const holder = spawn('unshare', ['-Urnm', 'sh', '-c', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const [line] = (await once(holder.stdout, 'data')) as [Buffer]
    const network = new NamedNetwork(holder, Number(line.toString()))
    await network.#serve(names.served ?? {})
    return network
  }

  async #serve(served: Readonly<Record<string, string>>): Promise<void> {
    const known = Object.entries(served).map(([name, address]) => `${name}=${address}`)
    const [command = '', ...args] = this.within
    const server = spawn(
      command,
      [...args, process.execPath, NAME_SERVER, NAME_SERVER_IP, ...known],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    )
    this.#server = server
    await once(server.stdout, 'data')
  }

  /** The name server answers for this name from now on. */
  async learn(name: string, address: string): Promise<void> {
    const server = this.#server
    if (server === undefined) throw new Error('the name server does not run')
    server.stdin.write(`${name}=${address}\n`)
    await once(server.stdout, 'data')
  }

  /** Runs a command on the machine and waits for its end. @throws Error if it fails */
  run(command: string, ...args: readonly string[]): string {
    const [first = '', ...rest] = [...this.within, command, ...args]
    return execFileSync(first, rest, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }

  close(): void {
    this.#server?.kill('SIGKILL')
    this.#holder.kill('SIGKILL')
    this.#holder.stdin.destroy()
  }
}
