import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  CliProcess,
  DEADLINE_MS,
  endCliProcessesAfterEach,
  type OutputLine,
  runCli,
} from '@commloop/test-support/cli-process'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'
import { type DebianTool, someToolIsMissing } from './debian-tool.js'
import { ForeignProcess } from './foreign-process.js'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()

const PYTHON: DebianTool = { command: 'python3', package: 'python3' }
const PEER = fileURLToPath(new URL('telegram-peer.py', import.meta.url))

const CODEC = { use: 'telegram-40', fields: { sender: 'L2', receiver: 'L3' } }
const BODY_BYTES_MAX = 9_949
const WAIT = { timeout: 2 * DEADLINE_MS, interval: 50 }

const running: ForeignProcess[] = []
afterEach(async () => {
  for (const peer of running.splice(0)) await peer.stop()
})

function peer(...args: (string | number)[]): ForeignProcess {
  const process = new ForeignProcess('python3', [PEER, ...args.map(String)])
  running.push(process)
  return process
}

/** The same bytes as in the Python program. */
function bodyOf(number: number): Buffer {
  const spread = Number((BigInt(number) * 2_654_435_761n) % 2n ** 32n) % BODY_BYTES_MAX
  const size = [1, BODY_BYTES_MAX][number] ?? 1 + spread
  return Buffer.from(
    Uint8Array.from({ length: size }, (_, at) => number * 7 + at * 13 + Math.floor(at / 256)),
  )
}

async function listeningPeer(own: number): Promise<{ peer: ForeignProcess; port: number }> {
  const process = peer('serve', own)
  return { peer: process, port: Number((await process.line(/^listening (\d+)$/))[1]) }
}

function started(config: object, ...args: string[]): { node: CliProcess; cwd: string } {
  const cwd = testFolder({ '.commlooprc': config })
  const options = ['run', '--stdio', '--fields', '--keep-open', '--log-level', 'warn']
  return { node: CliProcess.start([...options, ...args], { cwd }), cwd }
}

function dialling(port: number, ids: readonly string[], codec: object = CODEC): object {
  return { codec, links: ids.map((id) => ({ id, role: 'active', ip: '127.0.0.1', port })) }
}

function bodyIn({ body, bodyBase64 }: OutputLine): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : Buffer.from(String(bodyBase64), 'base64')
}

/** The bodies that a link has received, by the ids of their telegrams. */
function bodiesOn(node: CliProcess, link: string, id: string): Buffer[] {
  return node.events
    .filter((event) => event.type === 'message' && event['link'] === link)
    .filter(({ fields }) => (fields as { id: string }).id === id)
    .map(bodyIn)
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at)
}

describe.skipIf(someToolIsMissing('a program with telegrams', [PYTHON]))(
  'a program with telegrams of 40 characters of header',
  () => {
    it('gets each telegram once and unchanged if commloop dials it, and so does commloop', async () => {
      const [count, own] = [200, 100]
      const { port } = await listeningPeer(own)
      const links = ['one', 'two', 'three']
      const { node } = started(dialling(port, links))
      for (const link of links) await node.eventOf('link', { link, state: 'up' })
      for (const number of range(count)) {
        for (const to of links) {
          node.send({ fields: { id: 'ASK0' }, base64: bodyOf(number).toString('base64'), to })
        }
      }
      await vi.waitFor(() => {
        for (const link of links) {
          expect(bodiesOn(node, link, 'ECHO').length).toBe(count)
          expect(bodiesOn(node, link, 'OWN0').length).toBe(own)
        }
      }, WAIT)
      for (const link of links) {
        expect(bodiesOn(node, link, 'ECHO')).toEqual(range(count).map(bodyOf))
        expect(bodiesOn(node, link, 'OWN0')).toEqual(range(own).map(bodyOf))
      }
      expect(node.events.filter(({ type }) => type === 'error' || type === 'outcome')).toEqual([])
    })

    it('gets each telegram back if it dials commloop, on several connections of one entry', async () => {
      const [links, count] = [4, 150]
      const { node } = started({
        codec: CODEC,
        listen: { host: '127.0.0.1', port: 0 },
        links: [{ id: 'plant', role: 'passive', ip: '127.0.0.1', slots: links }],
      })
      const { listen } = await node.eventOf('ready')
      const program = peer('dial', (listen as { port: number }).port, links, count)
      let answered = 0
      const answer = (): void => {
        for (; answered < node.events.length; answered++) {
          const event = node.events[answered]
          if (event?.type !== 'message') continue
          const to = { link: event['link'], epoch: event['epoch'] }
          const base64 = bodyIn(event).toString('base64')
          node.send({ fields: { id: 'BACK' }, base64, to })
        }
      }
      const answering = setInterval(answer, 10)
      const code = await program.ended(2 * DEADLINE_MS).finally(() => {
        clearInterval(answering)
      })
      expect({ code, failures: program.output.match(/^failure.*/gm) }).toEqual({
        code: 0,
        failures: null,
      })
      const sequences = [...program.output.matchAll(/^sequences (.*)$/gm)]
        .flatMap(([, numbers = '']) => numbers.split(' '))
        .map(Number)
      // The connections of one entry share the numbers.
      const ascending = sequences.sort((left, right) => left - right)
      expect(ascending).toEqual(range(links * count).map((at) => at + 1))
    })

    it('does not get a telegram without a body, so it keeps its connection', async () => {
      const { port } = await listeningPeer(0)
      const { node, cwd } = started(dialling(port, ['plant']))
      await node.eventOf('link', { state: 'up' })
      const send = (body: string) =>
        runCli(['send', body, '--field', 'id=ASK0', '--to', 'plant'], { cwd })
      const empty = await send('')
      expect(empty.code).toBe(1)
      expect(empty.stderr).toContain('the payload has no body, and emptyFrames: reject')
      expect((await send('x')).code).toBe(0)
      await node.eventOf('message', { body: 'x', epoch: 1 })
    })

    it('closes on a telegram without a body that emptyFrames: deliver allows, and is dialled again', async () => {
      const { peer: program, port } = await listeningPeer(0)
      const codec = { ...CODEC, emptyFrames: 'deliver' }
      const { node } = started(dialling(port, ['plant'], codec))
      await node.eventOf('link', { state: 'up', epoch: 1 })
      node.send({ fields: { id: 'ASK0' }, text: '', to: 'plant', id: 'empty' })
      expect(await node.eventOf('outcome', { id: 'empty' })).toMatchObject({ outcome: 'written' })
      await program.line(/^closed 0 0 empty body$/)
      expect(await node.eventOf('link', { state: 'backoff' })).toHaveProperty('reason')
      node.send({ fields: { id: 'ASK0' }, text: 'after', to: 'plant' })
      await node.eventOf('message', { body: 'after', epoch: 2 })
    })

    it('does not get a telegram of more than 9,999 bytes, so it keeps its connection', async () => {
      const { port } = await listeningPeer(0)
      const { node } = started(dialling(port, ['plant']))
      await node.eventOf('link', { state: 'up' })
      const send = (bytes: number, id: string): void => {
        node.send({ fields: { id: 'ASK0' }, text: 'x'.repeat(bytes), to: 'plant', id })
      }
      send(9_960, 'too long')
      expect(await node.eventOf('error', { id: 'too long' })).toMatchObject({
        code: 'CML_ERR_PAYLOAD_TOO_LARGE',
      })
      send(9_959, 'longest')
      expect(bodyIn(await node.eventOf('message', { epoch: 1 })).length).toBe(9_959)
    })
  },
)
