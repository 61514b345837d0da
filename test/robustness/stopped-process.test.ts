import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { RunningNode } from '../e2e/running-node.js'
import { someToolIsMissing } from '../interop/debian-tool.js'
import { RawPeer } from '../peer/raw-peer.js'

cleanUpAfterEach()

const SILENCE_MS = 600
const CONFIG = `
listen: { host: 127.0.0.1, port: 0 }
heartbeat: { every: ${String(SILENCE_MS / 3)}, payload: beat }
partialFrame: 500ms
links:
  - { id: in, role: passive, ip: 127.0.0.1 }
`

/** Sends heartbeats until `stop` is called, like a peer whose process continues to run. */
function beating(peer: RawPeer): () => void {
  const timer = setInterval(() => {
    void peer.send('beat')
  }, SILENCE_MS / 6)
  return () => {
    clearInterval(timer)
  }
}

/** Answers each heartbeat, and sends nothing else. */
function answering(peer: RawPeer): () => void {
  let answered = 0
  const timer = setInterval(() => {
    for (; answered < peer.payloads.length; answered++) void peer.send('pong')
  }, 5)
  return () => {
    clearInterval(timer)
  }
}

describe('a process that is stopped for longer than its silence timeout', () => {
  it('notices that its peers are alive, by the data that waits in the kernel', async () => {
    const node = await RunningNode.start(CONFIG)
    const peer = await RawPeer.dial({ port: node.port })
    const stopBeating = beating(peer)
    try {
      await node.link('in', 'up', 1)
      for (let round = 0; round < 3; round++) {
        node.process.kill('SIGSTOP')
        await delay(2 * SILENCE_MS)
        await peer.send(`round ${String(round)}`)
        node.process.kill('SIGCONT')
        await node.received('in', round + 1)
      }
      expect(node.states('in')).toEqual(['awaiting 0', 'up 1'])
    } finally {
      stopBeating()
      node.process.kill('SIGCONT')
    }
  })

  it('gives a peer that only answers heartbeats the time to answer', async () => {
    const heartbeat = `heartbeat: { every: ${String(SILENCE_MS / 3)}, payload: ping, answer: pong }`
    const node = await RunningNode.start(CONFIG.replace(/^heartbeat:.*$/m, heartbeat))
    const peer = await RawPeer.dial({ port: node.port })
    const stopAnswering = answering(peer)
    try {
      await node.link('in', 'up', 1)
      for (let round = 0; round < 3; round++) {
        const asked = peer.payloads.length
        await peer.received(asked + 1)
        node.process.kill('SIGSTOP')
        await delay(2 * SILENCE_MS)
        node.process.kill('SIGCONT')
        await peer.received(asked + 4)
      }
      expect(node.states('in')).toEqual(['awaiting 0', 'up 1'])
    } finally {
      stopAnswering()
      node.process.kill('SIGCONT')
    }
  })

  it('notices that a peer is silent, if no data waits', async () => {
    const node = await RunningNode.start(CONFIG)
    await RawPeer.dial({ port: node.port })
    await node.link('in', 'up', 1)
    node.process.kill('SIGSTOP')
    await delay(2 * SILENCE_MS)
    node.process.kill('SIGCONT')
    expect(await node.link('in', 'awaiting', 1)).toMatchObject({ reason: 'silence' })
  })
})

const FAKETIME = [{ command: 'faketime', package: 'faketime' }]

describe.skipIf(someToolIsMissing('jumps of the wall clock', FAKETIME))(
  'a wall clock that jumps',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'commloop-clock-'))
    afterEach(() => {
      rmSync(folder, { recursive: true, force: true })
    })

    it('by an hour, back and forth, does not affect links, deadlines and heartbeats', async () => {
      const file = join(folder, 'offset')
      const setOffset = (offset: string): void => {
        writeFileSync(`${file}.new`, `${offset}\n`)
        renameSync(`${file}.new`, file)
      }
      setOffset('+0')
      const within = [
        'env',
        'FAKETIME_DONT_FAKE_MONOTONIC=1',
        'FAKETIME_NO_CACHE=1',
        `FAKETIME_TIMESTAMP_FILE=${file}`,
        'LD_PRELOAD=/usr/$LIB/faketime/libfaketimeMT.so.1',
      ]
      const node = await RunningNode.start(CONFIG, { within })
      const peer = await RawPeer.dial({ port: node.port })
      const stopBeating = beating(peer)
      try {
        await node.link('in', 'up', 1)
        for (const [round, offset] of ['+1h', '-1h', '+30d'].entries()) {
          setOffset(offset)
          const beats = peer.payloads.length
          await peer.send(`round ${String(round)}`)
          await node.received('in', round + 1)
          await peer.received(beats + 4)
        }
        expect(node.states('in')).toEqual(['awaiting 0', 'up 1'])
        const { status } = await node.stop()
        expect(status.code).toBe(0)
        const timeOf = async (state: string): Promise<number> => {
          const { time } = await node.process.log((line) => line['state'] === state)
          return Date.parse(String(time))
        }
        const jumpedMs = (await timeOf('draining')) - (await timeOf('up'))
        expect(jumpedMs, 'the clock that it saw did jump').toBeGreaterThan(29 * 86_400_000)
      } finally {
        stopBeating()
      }
    })
  },
)
