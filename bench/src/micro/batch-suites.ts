import { Len16Codec } from '@commloop/codec-len16'
import { Batch } from '../../../packages/core/dist/link/connection/batch.js'
import { BatchBuffers } from '../../../packages/core/dist/link/connection/batch-buffers.js'
import { MemoryOutboxStore } from '../../../packages/core/dist/outbox/memory-outbox.js'
import { check, type Suite } from './suite.js'

const HEADER_BYTES = 2
const LIMITS = { bytesMax: 1 << 23, messagesMax: 4_096, overflow: 'reject' } as const
const NO_HANDLER = { sendable: () => undefined, dropped: () => undefined }
const NO_LISTENER = {
  unwritten: () => undefined,
  begun: () => undefined,
  unencoded: () => undefined,
}
const NOW = { ms: 0, epoch: 1 }
/** The largest number of messages in one write. */
const WRITE_BYTES = 128 * 1024

/** From queued messages to the chunks of writes, and the release of everything, without a transport. */
export const BATCH_SUITES: readonly Suite[] = [
  batchSuite('batch 64 B', 64, 1_900),
  batchSuite('batch 1 KiB', 1_024, 120),
  // By reference: the buffer contains only the headers.
  batchSuite('batch 32 KiB', 32 * 1_024, 96),
]

function batchSuite(name: string, payloadBytes: number, messages: number): Suite {
  const payload = new Uint8Array(payloadBytes).fill(0x61)
  const whole = messages * (payloadBytes + HEADER_BYTES)
  return {
    name,
    operation: 'message',
    operations: messages,
    cases: [
      {
        name: 'queue, then one buffer each write',
        baseline: true,
        run: () => {
          const queue: Uint8Array[] = []
          for (let each = 0; each < messages; each++) queue.push(payload)
          check(plainWrites(queue) === whole, name)
        },
      },
      { name: 'outbox and batch', run: batchRun(payload, messages, whole) },
    ],
  }
}

/** @returns the bytes of all writes */
function plainWrites(queue: readonly Uint8Array[]): number {
  let written = 0
  let next = 0
  while (next < queue.length) {
    const buffer = new Uint8Array(WRITE_BYTES)
    const view = new DataView(buffer.buffer)
    let end = 0
    for (; next < queue.length; next++) {
      const payload = queue[next]
      if (payload === undefined || end + HEADER_BYTES + payload.length > WRITE_BYTES) break
      view.setUint16(end, payload.length)
      buffer.set(payload, end + HEADER_BYTES)
      end += HEADER_BYTES + payload.length
    }
    written += buffer.subarray(0, end).length
  }
  return written
}

function batchRun(payload: Uint8Array, messages: number, whole: number): () => void {
  const outbox = new MemoryOutboxStore().open('link', LIMITS, NO_HANDLER)
  const batch = new Batch(new Len16Codec(), new BatchBuffers())
  return () => {
    for (let each = 0; each < messages; each++) outbox.append(payload, undefined, undefined, 0)
    let written = 0
    while (batch.fill(outbox, [], NOW, NO_LISTENER)) {
      for (const chunk of batch.chunks) written += chunk.length
      outbox.release(batch.messages)
      batch.clear()
    }
    check(written === whole && outbox.level.messages === 0, 'a batch')
  }
}
