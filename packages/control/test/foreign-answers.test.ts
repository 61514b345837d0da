import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { removeTestFoldersAfterEach, shortTestFolder } from '@commloop/test-support/test-folder'
import { ControlClient } from '../src/client.js'
import { EventSplitter } from '../src/client/event-splitter.js'

removeTestFoldersAfterEach()

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** A client of a socket that answers every request with this text. */
async function clientOf(text: string): Promise<ControlClient> {
  const path = join(shortTestFolder(), 's')
  const answering = createServer((_, response) => response.end(text))
  server = answering
  await new Promise<void>((resolve) => answering.listen(path, resolve))
  return new ControlClient(path)
}

/** Lists and objects inside each other, around a text that contains brackets and an escaped quote. */
function nested(depth: number): string {
  const inside = JSON.stringify('[[[["{{{{\\')
  return `[${'{"a":['.repeat(depth / 2 - 1)}${inside}${']}'.repeat(depth / 2 - 1)}]`
}

describe('an answer at the control socket', () => {
  it('may be as deep as any answer of a node, and not deeper', async () => {
    const fine = await clientOf(nested(64))
    expect(JSON.stringify(await fine.ask({ method: 'GET', path: '/' }))).toBe(nested(64))
    server?.close()
    const deep = await clientOf(nested(66))
    await expect(deep.ask({ method: 'GET', path: '/' })).rejects.toMatchObject({
      code: 'CML_ERR_CONTROL_UNREACHABLE',
      message: expect.stringContaining('not a response of a node') as string,
    })
  })

  it.each([
    ['not JSON', 'data: {"type"\n\n'],
    ['too deep', `data: ${nested(66)}\n\n`],
  ])('is not an event if it is %s', async (_, text) => {
    const client = await clientOf(text)
    const events = client.events('/', new AbortController().signal)
    await expect(events.next()).rejects.toMatchObject({
      code: 'CML_ERR_CONTROL_UNREACHABLE',
      message: expect.stringContaining('not an event of a node') as string,
    })
  })
})

describe('a stream of events', () => {
  const TEXT = 'event: a\ndata: {"a":"\u2028"}\n\n: comment\n\ndata: 2\nid: 1\n\n\n\ndata: 3\n\n'

  it('has the same events in whatever parts it arrives', () => {
    for (let size = 1; size <= TEXT.length; size++) {
      const splitter = new EventSplitter(100)
      const found: string[] = []
      for (let at = 0; at < TEXT.length; at += size) {
        found.push(...splitter.push(TEXT.slice(at, at + size)))
      }
      expect(found).toEqual(['{"a":"\u2028"}', '2', '3'])
    }
  })

  it('ends with an error if an event is too long, also without an end', () => {
    const splitter = new EventSplitter(100)
    expect([...splitter.push(`data: ${'x'.repeat(94)}\n\n`)]).toEqual(['x'.repeat(94)])
    expect([...splitter.push('x'.repeat(100))]).toEqual([])
    expect(() => [...splitter.push('x')]).toThrow('an event is too long')
  })
})
