import type { CloseReason, Connection, ConnectionHandler } from '@commloop/core'

/** The handler of a connection: records its calls in order. */
export class Recorder implements ConnectionHandler {
  readonly connection: Connection
  /** Names of the callbacks, `received` once for each run of chunks. */
  readonly calls: string[] = []
  readonly chunks: Uint8Array[] = []
  writtenCount = 0
  reason: CloseReason | undefined
  /** Called in addition to recording. */
  onReceived: ((chunk: Uint8Array) => void) | undefined
  onWritten: (() => void) | undefined
  onEnded: (() => void) | undefined

  constructor(connection: Connection) {
    this.connection = connection
  }

  get content(): Buffer {
    return Buffer.concat(this.chunks)
  }

  get receivedBytes(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  }

  received(chunk: Uint8Array): void {
    if (this.calls.at(-1) !== 'received') this.calls.push('received')
    this.chunks.push(chunk)
    this.onReceived?.(chunk)
  }

  written(): void {
    this.writtenCount++
    this.calls.push('written')
    this.onWritten?.()
  }

  ended(): void {
    this.calls.push('ended')
    this.onEnded?.()
  }

  closed(reason: CloseReason): void {
    this.reason = reason
    this.calls.push('closed')
  }
}
