import type {
  CloseReason,
  Connection,
  ConnectionHandler,
  Listener,
  PluginDefinition,
  Transport,
} from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { removeTestFoldersAfterEach } from '@commloop/test-support/test-folder'
import { codeBlocks, namedBlocks } from './page.js'
import { importFrom, pageFolder, runProgram } from './page-run.js'
import { textOf } from './source-tree.js'

removeTestFoldersAfterEach()

const PAGE = textOf('docs/writing-a-transport.md')
const FILES = Object.fromEntries([...namedBlocks(PAGE)].map(([name, [code = '']]) => [name, code]))
const PLACE = { ip: '10.0.0.1', port: 8000 }

/** All callbacks of one end of a connection, in order. */
class Heard implements ConnectionHandler {
  readonly words: string[] = []
  /** What happens when bytes come. */
  onReceived: () => void = () => undefined

  received(chunk: Uint8Array): void {
    this.words.push(Buffer.from(chunk).toString())
    this.onReceived()
  }

  written(): void {
    this.words.push('written')
  }

  ended(): void {
    this.words.push('ended')
  }

  closed(reason: CloseReason): void {
    this.words.push(`closed: ${reason.kind}`)
  }
}

interface End {
  readonly connection: Connection
  readonly heard: Heard
}

interface Pair {
  readonly near: End
  readonly far: End
  readonly door: Listener
}

/** Every step of the transport on the page is one immediate; no test needs more than these. */
async function rest(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
}

async function transport(): Promise<Transport> {
  const module = await importFrom<{ readonly InProcessTransport: new () => Transport }>(
    pageFolder(FILES),
    'in-process.mjs',
  )
  return new module.InProcessTransport()
}

async function connected(own: Transport, admits = (): boolean => true): Promise<Pair> {
  const [near, far] = [new Heard(), new Heard()]
  let dialled: Connection | undefined
  let accepted: Connection | undefined
  const door = own.listen(
    { ...PLACE, options: {} },
    {
      listening: () => undefined,
      admit: admits,
      accepted: (connection) => {
        accepted = connection
        return far
      },
      failed: (error) => {
        throw error
      },
    },
  )
  await rest()
  own.dial(
    { ...PLACE, bind: '10.0.0.2', timeoutMs: 1000, options: {} },
    {
      opened: (connection) => {
        dialled = connection
        return near
      },
      failed: (error) => {
        throw error
      },
    },
  )
  await rest()
  if (dialled === undefined || accepted === undefined) throw new Error('there is no connection')
  return {
    near: { connection: dialled, heard: near },
    far: { connection: accepted, heard: far },
    door,
  }
}

describe('docs/writing-a-transport.md', () => {
  it('has no code but what is run here', () => {
    expect(codeBlocks(PAGE)).toHaveLength(3)
    expect(Object.keys(FILES)).toEqual(['in-process.mjs', 'two-nodes.mjs', 'in-process-plugin.mjs'])
  })

  it('has a definition that rejects TLS', async () => {
    const { default: plugin } = await importFrom<{ default: PluginDefinition<'transport'> }>(
      pageFolder(FILES),
      'in-process-plugin.mjs',
    )
    expect(typeof plugin.create({}).dial).toBe('function')
    const links = [{ role: 'active' }, { role: 'active', tls: {} }] as const
    expect(plugin.check?.({}, { path: ['transport'], node: { links } })).toEqual({
      problems: [{ path: ['links', 1, 'tls'], message: 'there is no TLS in process' }],
      warnings: [],
    })
  })

  it('has a transport on which two nodes talk, and end in order', () => {
    expect(runProgram(pageFolder(FILES), 'two-nodes.mjs')).toBe('hello\nclosed 1\n')
  })

  it('has a transport that does not read at first, and makes the writer wait until the other side reads', async () => {
    const { near, far } = await connected(await transport())
    expect(far.connection.peer.remote.ip).toBe('10.0.0.2')
    near.connection.write([Buffer.from('a'), Buffer.from('b')])
    await rest()
    expect([near.heard.words, far.heard.words]).toEqual([[], []])
    far.connection.setReading(true)
    expect(far.heard.words).toEqual([])
    await rest()
    expect([near.heard.words, far.heard.words]).toEqual([['written'], ['ab']])
    far.connection.setReading(false)
    near.connection.write([Buffer.from('c')])
    await rest()
    expect(far.heard.words).toEqual(['ab'])
  })

  it('has a transport that ends with what was written, and closes when both sides have ended', async () => {
    const { near, far } = await connected(await transport())
    for (const { connection } of [near, far]) connection.setReading(true)
    near.connection.write([Buffer.from('last')])
    near.connection.end()
    await rest()
    expect(far.heard.words).toEqual(['last', 'ended'])
    far.connection.write([Buffer.from('reply')])
    far.connection.end()
    await rest()
    expect(far.heard.words).toEqual(['last', 'ended', 'written', 'closed: ended'])
    expect(near.heard.words).toEqual(['written', 'reply', 'ended', 'closed: ended'])
  })

  it('has a transport that resets, and confirms nothing afterwards', async () => {
    const { near, far } = await connected(await transport())
    near.connection.write([Buffer.from('lost')])
    near.connection.destroy()
    expect(near.heard.words).toEqual([])
    await rest()
    far.connection.setReading(true)
    await rest()
    expect([near.heard.words, far.heard.words]).toEqual([['closed: destroyed'], ['closed: failed']])
  })

  it('has a transport that does not confirm what made the other side reset', async () => {
    const { near, far } = await connected(await transport())
    far.heard.onReceived = () => {
      far.connection.destroy()
    }
    far.connection.setReading(true)
    near.connection.write([Buffer.from('nonsense')])
    await rest()
    expect(far.heard.words).toEqual(['nonsense', 'closed: destroyed'])
    expect(near.heard.words).toEqual(['closed: failed'])
  })

  it('has a transport whose listener accepts what its handler admits, until it is closed', async () => {
    const own = await transport()
    let admits = true
    const { door } = await connected(own, () => admits)
    const dialled = (): Promise<string> =>
      new Promise((resolve) => {
        own.dial(
          { ...PLACE, bind: undefined, timeoutMs: 1000, options: {} },
          {
            opened: () => {
              resolve('opened')
              return new Heard()
            },
            failed: ({ message }) => {
              resolve(message)
            },
          },
        )
      })
    expect(await dialled()).toBe('opened')
    admits = false
    expect(await dialled()).toBe('connection refused at 10.0.0.1:8000')
    admits = true
    door.close()
    expect(await dialled()).toBe('connection refused at 10.0.0.1:8000')
  })
})
