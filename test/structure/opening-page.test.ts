import { createHash } from 'node:crypto'
import type { LinkOpening, PluginDefinition } from '@commloop/core'
import { exchange } from '@commloop/opening-exchange'
import { openingCompliance } from '@commloop/testing/compliance'
import { describe, expect, it } from 'vitest'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { RunningNode } from '../e2e/running-node.js'
import { eventually } from '../peer/eventually.js'
import { RawListener } from '../peer/raw-listener.js'
import { codeBlocks, namedBlocks } from './page.js'
import { importFrom, onLoopback, pageFolder, runProgram } from './page-run.js'
import { textOf } from './source-tree.js'

cleanUpAfterEach()

const PAGE = textOf('docs/writing-an-opening.md')
const BLOCKS = namedBlocks(PAGE)
const FILES = Object.fromEntries([...BLOCKS].map(([name, [code = '']]) => [name, code]))

const bytes = (text: string): Buffer => Buffer.from(text)

openingCompliance(
  'exchange',
  exchange({
    steps: [{ send: 'LOGON' }, { expect: 'OK', refuse: 'NO' }],
    answers: [{ to: 'PING', send: 'PONG' }],
  }).value,
  {
    peer: () => ({ answers: (payload) => (bytes('LOGON').equals(payload) ? [bytes('OK')] : []) }),
  },
)

openingCompliance(
  'exchange, whose peer speaks first',
  exchange({ steps: [{ expect: 'HELLO' }, { send: 'OK' }] }).value,
  { role: 'passive', peer: () => ({ begins: [bytes('HELLO')], answers: () => [] }) },
)

openingCompliance(
  'challenge.mjs of the page',
  // Loaded when the first test needs it: a page is read after the tests are collected.
  { begin: (...begun) => pageOpening().begin(...begun) },
  {
    peer: () => ({
      answers: (payload) =>
        payload.length === 5 ? [bytes('NONCE 17')] : payload.length === 32 ? [bytes('OK')] : [],
    }),
  },
)

const { default: definition } = await importFrom<{ default: PluginDefinition<'opening'> }>(
  pageFolder(FILES),
  'challenge.mjs',
)

function pageOpening(): LinkOpening {
  return definition.create({ password: 'pw' })
}

describe('docs/writing-an-opening.md', () => {
  it('has no code but what is run here', () => {
    expect(codeBlocks(PAGE)).toHaveLength(3)
    const names = ['.commlooprc', 'challenge-check.mjs', 'challenge.mjs']
    expect(Object.keys(FILES).sort()).toEqual(names)
  })

  it('tests the opening, and the test can fail', () => {
    expect(runProgram(pageFolder(FILES), 'challenge-check.mjs')).toBe('')
    const broken = FILES['challenge.mjs']?.replace('door.open()', 'door.send(payload)') ?? ''
    const folder = pageFolder({ ...FILES, 'challenge.mjs': broken })
    expect(() => runProgram(folder, 'challenge-check.mjs')).toThrow('challenge-check.mjs')
  })

  it('proves a password', () => {
    const said: string[] = []
    const door = {
      send: (payload: Uint8Array) => said.push(Buffer.from(payload).toString('hex')),
      open: () => said.push('open'),
      refuse: () => said.push('refuse'),
    }
    const remote = { ip: '10.0.0.2', port: 1 }
    const peer = { link: 'a', entry: 'a', role: 'active', remote, identities: [] } as const
    pageOpening().begin(peer, door).received(bytes('NONCE 17'))
    expect(said.at(-1)).toBe(createHash('sha256').update('17pw').digest('hex'))
    expect(() => definition.create({})).toThrow('password: expected a text')
  })

  it('has an exchange that a node of the command says, and whose answers it gives', async () => {
    const press = await RawListener.open({ host: '127.168.0.10' })
    const table = onLoopback(FILES['.commlooprc'] ?? '').replace('8500', String(press.port))
    const node = await RunningNode.startIn(pageFolder({ ...FILES, '.commlooprc': table }))
    node.send('waiting', { to: 'press' })
    const first = await press.peer(1)
    await eventually('the logon', () => first.texts.length > 0)
    expect([first.texts, node.states('press').includes('up')]).toEqual([['LOGON L2'], false])
    await first.send('DENIED')
    const refused = await node.link('press', 'backoff')
    expect(refused.reason).toBe('not opened: step 2 of 2 (welcome): wrong user')
    const second = await press.peer(2)
    await second.send('WELCOME', 'first', 'ALIVE?')
    await node.link('press', 'up')
    await eventually('the message and the answer', () => second.texts.length === 3)
    expect(second.texts.toSorted()).toEqual(['ALIVE', 'LOGON L2', 'waiting'])
    await node.received('press', 1)
    expect(node.texts('press')).toEqual(['first'])
  })
})
