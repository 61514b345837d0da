import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type OutboundMessage, type OutboxLimits } from '../src/contracts/outbox.js'
import { MemoryOutbox } from '../src/outbox/memory-outbox.js'
import { OUTBOX_MESSAGE_BYTES } from '../src/units/message-overhead.js'

/** Some are nothing but a payload, some are more. */
function message(bytes: number): OutboundMessage {
  return {
    payload: new Uint8Array(bytes),
    id: bytes % 3 === 0 ? String(bytes) : undefined,
    expiresAtMs: bytes % 5 === 0 ? bytes : undefined,
    epoch: bytes % 7 === 0 ? 1 : 0,
    resent: false,
  }
}

/** The same promises over two arrays: slow, and plain enough to be right. */
class Model {
  taken: OutboundMessage[] = []
  untaken: OutboundMessage[] = []
  dropped: OutboundMessage[] = []
  readonly #limits: OutboxLimits

  constructor(limits: OutboxLimits) {
    this.#limits = limits
  }

  get bytes(): number {
    const all = [...this.taken, ...this.untaken]
    return all.reduce((sum, { payload }) => sum + payload.byteLength + OUTBOX_MESSAGE_BYTES, 0)
  }

  get messages(): number {
    return this.taken.length + this.untaken.length
  }

  append(added: OutboundMessage): boolean {
    const { messagesMax, bytesMax, overflow } = this.#limits
    const size = added.payload.byteLength + OUTBOX_MESSAGE_BYTES
    const fits = (): boolean => this.messages < messagesMax && this.bytes + size <= bytesMax
    if (fits()) {
      this.untaken.push(added)
      return true
    }
    if (overflow === 'reject') return false
    const before = [...this.untaken]
    while (!fits() && this.untaken.length > 0) this.untaken.shift()
    if (!fits()) {
      this.untaken = before
      return false
    }
    this.dropped.push(...before.slice(0, before.length - this.untaken.length))
    this.untaken.push(added)
    return true
  }
}

function append(
  outbox: MemoryOutbox,
  { payload, id, expiresAtMs, epoch }: OutboundMessage,
): boolean {
  return outbox.append(payload, id, expiresAtMs, epoch)
}

/** What is shown may be the same object again for the next message. */
function copyOf(shown: OutboundMessage): OutboundMessage {
  const { payload, id, expiresAtMs, epoch, resent } = shown
  return { payload, id, expiresAtMs, epoch, resent }
}

function expectToShow(outbox: MemoryOutbox, expected: OutboundMessage | undefined): void {
  const shown = outbox.peek()
  expect(shown && copyOf(shown)).toEqual(expected)
  expect(shown?.payload).toBe(expected?.payload)
}

const operation = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('append' as const), n: fc.nat(200) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('take' as const), n: fc.nat(8) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), n: fc.nat(8) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rewind' as const), n: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), n: fc.constant(0) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('discard' as const), n: fc.nat(4) }) },
)

describe('MemoryOutbox', () => {
  it('behaves as two plain arrays would, whatever is done to it', () => {
    const limits = fc.record({
      bytesMax: fc.integer({ min: 100, max: 8_000 }),
      messagesMax: fc.integer({ min: 1, max: 60 }),
      overflow: fc.constantFrom('reject' as const, 'drop-oldest' as const),
    })
    fc.assert(
      fc.property(limits, fc.array(operation, { maxLength: 300 }), (bounds, operations) => {
        const dropped: OutboundMessage[] = []
        const model = new Model(bounds)
        const outbox = new MemoryOutbox(bounds, {
          sendable: () => undefined,
          dropped: (given) => dropped.push(copyOf(given)),
        })
        for (const { kind, n } of operations) {
          switch (kind) {
            case 'append': {
              const added = message(n)
              expect(append(outbox, added)).toBe(model.append(copyOf(added)))
              break
            }
            case 'take':
              for (let left = n; left > 0; left--) {
                expectToShow(outbox, model.untaken[0])
                if (outbox.peek() === undefined) break
                outbox.take()
                model.taken.push(...model.untaken.splice(0, 1))
              }
              break
            case 'release': {
              const count = Math.min(n, model.taken.length)
              const expected = model.taken.splice(0, count)
              // A write without ids is released without calling `ended`.
              if (n % 2 === 0) {
                outbox.release(count)
                break
              }
              const ended: OutboundMessage[] = []
              outbox.release(count, (released) => ended.push(copyOf(released)))
              expect(ended).toEqual(expected)
              break
            }
            case 'rewind':
              outbox.rewind()
              for (const taken of model.taken) taken.resent = true
              model.untaken.unshift(...model.taken.splice(0))
              break
            case 'drop':
              if (outbox.peek() === undefined) break
              outbox.drop()
              model.untaken.shift()
              break
            case 'discard': {
              const drops = (candidate: OutboundMessage): boolean =>
                candidate.payload.byteLength % 5 === n
              outbox.discard(drops)
              model.untaken = model.untaken.filter((candidate) => !drops(candidate))
              break
            }
          }
          expect(outbox.level.messages).toBe(model.messages)
          expect(outbox.level.bytes).toBe(model.bytes)
          expectToShow(outbox, model.untaken[0])
        }
        expect(dropped).toEqual(model.dropped)
      }),
      { numRuns: 500 },
    )
  })

  it('does not grow while the oldest is stuck and the rest is dropped and replaced', () => {
    let dropped = 0
    const limits = { bytesMax: 1_000_000, messagesMax: 100, overflow: 'drop-oldest' as const }
    const outbox = new MemoryOutbox(limits, {
      sendable: () => undefined,
      dropped: () => dropped++,
    })
    append(outbox, message(1))
    outbox.take()
    const before = process.memoryUsage().heapUsed
    for (let count = 0; count < 1_000_000; count++) append(outbox, message(0))
    expect(dropped).toBe(1_000_000 - 99)
    expect(outbox.level.messages).toBe(100)
    // A ring that kept a place for every message that passed would hold 8 MB of places alone.
    globalThis.gc?.()
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024)
  })
})

describe('an outbox that once held a long outage', () => {
  it('takes and gives messages as before when it has been emptied', () => {
    const limits = { bytesMax: 1e9, messagesMax: 1e6, overflow: 'reject' } as const
    const outbox = new MemoryOutbox(limits, {
      sendable: () => undefined,
      dropped: () => undefined,
    })
    for (const many of [20_000, 3]) {
      const added = Array.from({ length: many }, () => message(1))
      for (const each of added) expect(append(outbox, each)).toBe(true)
      const taken: Uint8Array[] = []
      for (let next = outbox.peek(); next !== undefined; next = outbox.peek()) {
        taken.push(next.payload)
        outbox.take()
      }
      expect(taken.every((payload, at) => payload === added[at]?.payload)).toBe(true)
      outbox.release(many)
      expect(outbox.level).toMatchObject({ messages: 0, bytes: 0 })
    }
    expect(() => {
      outbox.take()
    }).toThrow('nothing to take')
  })
})

describe('outboxes', () => {
  const nobody = { sendable: () => undefined, dropped: () => undefined }
  const taken = (outbox: MemoryOutbox): number[] => {
    const sizes: number[] = []
    for (let next = outbox.peek(); next !== undefined; next = outbox.peek()) {
      sizes.push(next.payload.length)
      outbox.take()
    }
    return sizes
  }

  it.each([1, 20, 20_000])('know nothing of each other, and are filled anew after %i', (many) => {
    const limits = { bytesMax: 1e9, messagesMax: 1e6, overflow: 'reject' } as const
    const [left, right] = [new MemoryOutbox(limits, nobody), new MemoryOutbox(limits, nobody)]
    for (let round = 0; round < 2; round++) {
      for (let each = 0; each < many; each++) {
        append(left, message(1))
        append(right, message(2))
      }
      expect(new Set(taken(left))).toEqual(new Set([1]))
      expect(new Set(taken(right))).toEqual(new Set([2]))
      expect([left.level.messages, right.level.messages]).toEqual([many, many])
      left.release(many)
      right.release(many)
    }
  })

  it('that drop the oldest make room to the last byte beside what is being written', () => {
    const size = 10 + OUTBOX_MESSAGE_BYTES
    const dropped: number[] = []
    const outbox = new MemoryOutbox(
      { bytesMax: 2 * size, messagesMax: 10, overflow: 'drop-oldest' },
      { ...nobody, dropped: ({ payload }) => dropped.push(payload.length) },
    )
    append(outbox, message(10))
    outbox.take()
    append(outbox, message(9))
    expect(append(outbox, message(11))).toBe(false)
    expect(dropped).toEqual([])
    expect(append(outbox, message(10))).toBe(true)
    expect(dropped).toEqual([9])
  })

  it('give up nothing in vain where what is being written is more than they may now hold', () => {
    const limits = { bytesMax: 1e6, messagesMax: 3, overflow: 'drop-oldest' } as const
    const dropped: number[] = []
    const outbox = new MemoryOutbox(limits, {
      ...nobody,
      dropped: ({ payload }) => dropped.push(payload.length),
    })
    for (const bytes of [1, 2, 3]) append(outbox, message(bytes))
    outbox.take()
    outbox.take()
    outbox.limit({ ...limits, messagesMax: 2 })
    expect(append(outbox, message(4))).toBe(false)
    expect(dropped).toEqual([])
    expect(taken(outbox)).toEqual([3])
  })

  const roomy = { bytesMax: 1e6, messagesMax: 1_000, overflow: 'reject' } as const

  it('know what is being written when they grow around one that was given up in between', () => {
    const outbox = new MemoryOutbox(roomy, nobody)
    for (const bytes of [1, 2, 3]) append(outbox, message(bytes))
    outbox.take()
    outbox.drop()
    outbox.take()
    for (let bytes = 4; bytes < 100; bytes++) append(outbox, message(bytes))
    expect(outbox.peek()?.payload.length).toBe(4)
    const written: number[] = []
    outbox.release(2, ({ payload }) => written.push(payload.length))
    expect(written).toEqual([1, 3])
  })

  it('release a part of a write though nobody wants to hear of it', () => {
    const outbox = new MemoryOutbox(roomy, nobody)
    for (const bytes of [1, 2, 3]) append(outbox, message(bytes))
    for (let each = 0; each < 3; each++) outbox.take()
    outbox.release(2)
    outbox.rewind()
    expect(taken(outbox)).toEqual([3])
  })

  it('discard nothing that is being written, however full they are', () => {
    for (let many = 1; many <= 70; many++) {
      const outbox = new MemoryOutbox(roomy, nobody)
      for (let each = 0; each < many; each++) append(outbox, message(1))
      outbox.take()
      outbox.discard(() => true)
      expect(outbox.level.messages, `of ${String(many)}`).toBe(1)
    }
  })
})
