import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { toolPath } from './debian-tool.js'
import { FrameSplitter } from './frame-splitter.js'

const running = new Set<OpensslPeer>()

/** `openssl s_client` or `s_server`: what is written to its stdin it sends, what it receives it writes to stdout. */
export class OpensslPeer {
  readonly payloads: Buffer[] = []
  /** Its messages about itself. */
  said = ''
  ended = false
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #over: Promise<unknown>

  private constructor(args: readonly string[]) {
    const frames = new FrameSplitter()
    const child = spawn(toolPath('openssl') ?? 'openssl', args, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child = child
    this.#over = once(child, 'close')
    child.stdout.on('data', (chunk: Buffer) => this.payloads.push(...frames.push(chunk)))
    child.stderr.on('data', (chunk: Buffer) => (this.said += chunk.toString()))
    child.stdin.on('error', () => undefined)
    child.once('close', () => {
      this.ended = true
    })
    running.add(this)
  }

  /** Dials. Ends, in order, when its input does. */
  static client(port: number, ...args: readonly string[]): OpensslPeer {
    const place = ['-connect', `127.0.0.1:${String(port)}`]
    return new OpensslPeer(['s_client', '-quiet', '-nocommands', '-no_ign_eof', ...place, ...args])
  }

  /** Serves one connection. */
  static server(port: number, ...args: readonly string[]): OpensslPeer {
    const place = ['-accept', `127.0.0.1:${String(port)}`, '-naccept', '1']
    return new OpensslPeer(['s_server', '-quiet', ...place, ...args])
  }

  write(bytes: Uint8Array): void {
    this.#child.stdin.write(bytes)
  }

  endInput(): void {
    this.#child.stdin.end()
  }

  async stop(): Promise<void> {
    if (!this.ended) this.#child.kill()
    await this.#over
    running.delete(this)
  }
}

export async function stopOpensslPeers(): Promise<void> {
  for (const peer of [...running]) await peer.stop()
}
