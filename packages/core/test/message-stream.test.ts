import { describe, expect, it } from 'vitest'
import type { ReceivedMessage } from '../src/contracts/node-events.js'
import { MessageStream } from '../src/receive/message-stream.js'

function message(text: string): ReceivedMessage {
  return { payload: Buffer.from(text), link: 'peer', epoch: 1 }
}

function stream(messagesMax = 4) {
  let relieved = 0
  const subject = new MessageStream({ messagesMax, bytesMax: 1e6 }, () => relieved++)
  return { subject, relieved: () => relieved }
}

async function texts(subject: MessageStream): Promise<string[]> {
  const read: string[] = []
  for await (const { payload } of subject) read.push(Buffer.from(payload).toString())
  return read
}

describe('a stream of received messages', () => {
  it('gives a message to whoever waits for it, without keeping it', async () => {
    const { subject } = stream(1)
    const waiting = subject.next()
    subject.push(message('a'))
    expect(await waiting).toEqual({ done: false, value: message('a') })
    expect(subject.full).toBe(false)
  })

  it('is read by one at a time', async () => {
    const { subject } = stream()
    const waiting = subject.next()
    await expect(subject.next()).rejects.toThrow('one next() at a time')
    subject.push(message('a'))
    expect(await waiting).toMatchObject({ done: false })
  })

  it('is full at its limit, and tells when half of it was taken', async () => {
    const { subject, relieved } = stream(4)
    for (const text of ['a', 'b', 'c', 'd']) subject.push(message(text))
    expect(subject.full).toBe(true)
    await subject.next()
    expect([subject.full, relieved()]).toEqual([true, 0])
    await subject.next()
    expect([subject.full, relieved()]).toEqual([false, 1])
  })

  it('gives what waits when it has ended, and nothing that came after', async () => {
    const { subject } = stream()
    subject.push(message('a'))
    subject.end()
    subject.push(message('late'))
    expect(await texts(subject)).toEqual(['a'])
    expect(await subject.next()).toEqual({ done: true, value: undefined })
  })

  it('lets go of whoever waits when it ends', async () => {
    const { subject } = stream()
    const waiting = subject.next()
    subject.end()
    expect(await waiting).toEqual({ done: true, value: undefined })
  })

  it('forgets what waits when its reader has had enough', async () => {
    const { subject, relieved } = stream(2)
    for (const text of ['a', 'b']) subject.push(message(text))
    for await (const { payload } of subject) {
      expect(Buffer.from(payload).toString()).toBe('a')
      break
    }
    expect(subject.full).toBe(false)
    expect(relieved()).toBeGreaterThan(0)
    expect(await texts(subject)).toEqual([])
  })
})
