import { EventEmitter } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import type { Node } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { StdinSender } from '../../src/stdio/stdin-sender.js'

/** A node that accepts every message, with the members that StdinSender uses. */
function takingNode(): { node: Node; taken: string[] } {
  const taken: string[] = []
  const events = new EventEmitter()
  const node = {
    on: (name: string, listener: () => void) => {
      events.on(name, listener)
      return node
    },
    send: (payload: Uint8Array) => {
      taken.push(Buffer.from(payload).toString())
      return true
    },
    counters: { routing: 0 },
    links: () => [],
  }
  return { node: node as unknown as Node, taken }
}

interface Watched {
  readonly sender: StdinSender
  readonly calls: string[]
  readonly taken: string[]
  readonly over: Promise<void>
}

function watched(input: Readable): Watched {
  const { node, taken } = takingNode()
  const calls: string[] = []
  let finish: () => void = () => undefined
  const over = new Promise<void>((resolve) => {
    finish = resolve
  })
  const sender = new StdinSender(input, node, 100, {
    answered: (id) => calls.push(`answered: ${String(id)}`),
    refused: ({ message }) => calls.push(message),
    failed: (error) => calls.push(`failed: ${error.message}`),
    ended: () => {
      calls.push('ended')
      finish()
    },
  })
  return { sender, calls, taken, over }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('StdinSender', () => {
  it('reports a failed input once, and then its end', async () => {
    const input = new PassThrough()
    const { sender, calls, taken, over } = watched(input)
    sender.start()
    input.write('{"payload":"one"}\n{"payload":"tw')
    await nextTurn()
    input.destroy(new Error('EIO'))
    await over
    await nextTurn()
    expect(taken).toEqual(['one'])
    expect(calls[0]).toBe('failed: EIO')
    expect(calls.at(-1)).toBe('ended')
    expect(calls.filter((text) => text === 'ended')).toHaveLength(1)
  })

  it('ends if the input closes without `end`', async () => {
    const input = new PassThrough()
    const { sender, calls, over } = watched(input)
    sender.start()
    input.destroy()
    await over
    expect(calls).toEqual(['ended'])
  })

  it('sends nothing while it is held, and everything afterwards', async () => {
    const input = new PassThrough()
    const { sender, taken, over } = watched(input)
    sender.start()
    sender.hold()
    input.end('{"payload":"one"}\n{"payload":"two"}\n')
    for (let turn = 0; turn < 10; turn++) await nextTurn()
    expect(taken).toEqual([])
    sender.release()
    await over
    expect(taken).toEqual(['one', 'two'])
  })

  it('can be held before it starts', async () => {
    const input = new PassThrough()
    const { sender, taken, over } = watched(input)
    sender.hold()
    input.end('{"payload":"one"}\n')
    sender.start()
    for (let turn = 0; turn < 10; turn++) await nextTurn()
    expect(taken).toEqual([])
    sender.release()
    await over
    expect(taken).toEqual(['one'])
  })

  it('keeps lines that arrive before it starts', async () => {
    const input = new PassThrough()
    const { sender, taken, over } = watched(input)
    input.end('{"payload":"one"}\n')
    sender.hold()
    sender.release()
    await nextTurn()
    expect(taken).toEqual([])
    sender.start()
    await over
    expect(taken).toEqual(['one'])
  })

  it('sends nothing after `close`', async () => {
    const input = new PassThrough()
    const { sender, taken, calls } = watched(input)
    sender.start()
    sender.close()
    input.end('{"payload":"one"}\n')
    for (let turn = 0; turn < 10; turn++) await nextTurn()
    expect({ taken, calls }).toEqual({ taken: [], calls: [] })
  })
})
