import { MemoryOutboxStore } from '../../../packages/core/dist/outbox/memory-outbox.js'
import { check, type Suite } from './suite.js'

const MESSAGES = 1_024
const PAYLOAD = new Uint8Array(64)
const LIMITS = { bytesMax: 1 << 20, messagesMax: MESSAGES, overflow: 'reject' } as const
const NO_HANDLER = { sendable: () => undefined, dropped: () => undefined }

/** Messages are queued, taken for a write, and released when the write is confirmed, one write at a time. */
export const OUTBOX_SUITE: Suite = {
  name: 'outbox',
  operation: 'message',
  operations: MESSAGES,
  cases: [
    arrayCase(),
    outboxCase('memory outbox', undefined),
    // A message with an id is an object, and the outbox reports each of them when it ends.
    outboxCase('memory outbox, with ids', 'id'),
  ],
}

function arrayCase(): Suite['cases'][number] {
  const queue: Uint8Array[] = []
  return {
    name: 'Array push and shift',
    baseline: true,
    run: () => {
      for (let each = 0; each < MESSAGES; each++) queue.push(PAYLOAD)
      let bytes = 0
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) bytes += next.length
      check(bytes === MESSAGES * PAYLOAD.length, 'the array')
    },
  }
}

function outboxCase(name: string, id: string | undefined): Suite['cases'][number] {
  const outbox = new MemoryOutboxStore().open('link', LIMITS, NO_HANDLER)
  let ended = 0
  const messageEnded = (): void => {
    ended++
  }
  return {
    name,
    run: () => {
      ended = 0
      for (let each = 0; each < MESSAGES; each++) outbox.append(PAYLOAD, id, undefined, 0)
      let bytes = 0
      for (let next = outbox.peek(); next !== undefined; next = outbox.peek()) {
        bytes += next.payload.length
        outbox.take()
      }
      if (id === undefined) outbox.release(MESSAGES)
      else outbox.release(MESSAGES, messageEnded)
      const right = id === undefined || ended === MESSAGES
      check(right && bytes === MESSAGES * PAYLOAD.length && outbox.level.messages === 0, name)
    },
  }
}
