import { EventEmitter } from 'node:events'
import { PassThrough, type Readable } from 'node:stream'
import type { Node } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { Intake } from '../../src/stdio/stdin-sender.js'

/** A node that takes everything, as far as the intake looks at it. */
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
  readonly intake: Intake
  readonly told: string[]
  readonly taken: string[]
  readonly over: Promise<void>
}

function watched(input: Readable): Watched {
  const { node, taken } = takingNode()
  const told: string[] = []
  let finish: () => void = () => undefined
  const over = new Promise<void>((resolve) => {
    finish = resolve
  })
  const intake = new Intake(input, node, 100, {
    refused: ({ message }) => told.push(message),
    failed: (error) => told.push(`failed: ${error.message}`),
    ended: () => {
      told.push('ended')
      finish()
    },
  })
  return { intake, told, taken, over }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('Intake', () => {
  it('tells once that the input broke off, and then that it has ended', async () => {
    const input = new PassThrough()
    const { intake, told, taken, over } = watched(input)
    intake.start()
    input.write('{"payload":"one"}\n{"payload":"tw')
    await nextTurn()
    input.destroy(new Error('EIO'))
    await over
    await nextTurn()
    expect(taken).toEqual(['one'])
    expect(told[0]).toBe('failed: EIO')
    expect(told.at(-1)).toBe('ended')
    expect(told.filter((text) => text === 'ended')).toHaveLength(1)
  })

  it('ends where the input is closed without an end', async () => {
    const input = new PassThrough()
    const { intake, told, over } = watched(input)
    intake.start()
    input.destroy()
    await over
    expect(told).toEqual(['ended'])
  })

  it('takes nothing while it is held, and everything afterwards', async () => {
    const input = new PassThrough()
    const { intake, taken, over } = watched(input)
    intake.start()
    intake.hold()
    input.end('{"payload":"one"}\n{"payload":"two"}\n')
    for (let turn = 0; turn < 10; turn++) await nextTurn()
    expect(taken).toEqual([])
    intake.unhold()
    await over
    expect(taken).toEqual(['one', 'two'])
  })

  it('may be held before it starts', async () => {
    const input = new PassThrough()
    const { intake, taken, over } = watched(input)
    intake.hold()
    input.end('{"payload":"one"}\n')
    intake.start()
    for (let turn = 0; turn < 10; turn++) await nextTurn()
    expect(taken).toEqual([])
    intake.unhold()
    await over
    expect(taken).toEqual(['one'])
  })

  it('takes nothing that comes before it starts, and loses none of it', async () => {
    const input = new PassThrough()
    const { intake, taken, over } = watched(input)
    input.end('{"payload":"one"}\n')
    intake.hold()
    intake.unhold()
    await nextTurn()
    expect(taken).toEqual([])
    intake.start()
    await over
    expect(taken).toEqual(['one'])
  })

  it('takes nothing more once it is closed', async () => {
    const input = new PassThrough()
    const { intake, taken, told } = watched(input)
    intake.start()
    intake.close()
    input.end('{"payload":"one"}\n')
    for (let turn = 0; turn < 10; turn++) await nextTurn()
    expect({ taken, told }).toEqual({ taken: [], told: [] })
  })
})
