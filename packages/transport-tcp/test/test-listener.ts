import { expect } from 'vitest'
import type { Address, ListenHandler, Listener, ListenOptions, Transport } from '@commloop/core'
import { TcpTransport } from '../src/index.js'
import type { Loopback } from './loopback.js'
import { Recorder } from './recorder.js'
import { until } from './until.js'

/** The handler of a listener: records its calls, and returns what the test sets. */
export class TestListener implements ListenHandler {
  readonly calls: string[] = []
  readonly asked: (Address | undefined)[] = []
  readonly taken: Recorder[] = []
  at: Address | undefined
  error: (Error & { code?: string }) | undefined
  admits: () => boolean = () => true
  shareOf: (remote: Address) => string = ({ ip }) => ip
  takes: (recorder: Recorder) => boolean = () => true
  readonly refusals: { readonly remote: Address; readonly reason: string }[] = []
  readonly listener: Listener
  readonly #loopback: Loopback

  constructor(
    loopback: Loopback,
    options: Partial<ListenOptions> = {},
    transport: Transport = new TcpTransport(),
  ) {
    this.#loopback = loopback
    const all = { ip: '127.0.0.1', port: 0, options: {}, ...options }
    this.listener = loopback.keep(transport.listen(all, this))
    expect(this.calls).toEqual([])
  }

  static async open(
    loopback: Loopback,
    options: Partial<ListenOptions> = {},
    transport: Transport = new TcpTransport(),
  ): Promise<TestListener & { at: Address }> {
    const opened = new TestListener(loopback, options, transport)
    await until('listening', () => opened.calls.length > 0)
    if (opened.at === undefined) throw opened.error ?? new Error('no address')
    return opened as TestListener & { at: Address }
  }

  listening(at: Address): void {
    this.calls.push('listening')
    this.at = at
  }

  admit(remote: Address | undefined): boolean {
    this.calls.push('admit')
    this.asked.push(remote)
    return this.admits()
  }

  accepted(...[connection]: Parameters<ListenHandler['accepted']>): Recorder | undefined {
    this.calls.push('accepted')
    const recorder = new Recorder(connection)
    this.taken.push(recorder)
    return this.takes(recorder) ? this.#loopback.record(recorder) : undefined
  }

  refused(remote: Address, reason: string): void {
    this.calls.push('refused')
    this.refusals.push({ remote, reason })
  }

  failed(error: Error): void {
    this.calls.push('failed')
    this.error = error
  }
}
