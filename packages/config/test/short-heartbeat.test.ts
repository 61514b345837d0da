import { folderWith } from '@commloop/test-support/temporary-folder'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../src/load/load-config.js'

const LINK = 'role: active, ip: 10.0.0.1, port'

/** The heartbeat of each entry in hexadecimal, or the mistakes. */
async function heartbeats(text: string): Promise<unknown[]> {
  const reading = await readConfig({ cwd: folderWith({ '.commlooprc': text }), env: {} })
  if (!reading.ok) {
    return reading.problems.map(({ line, path, message }) => `${String(line)} ${path}: ${message}`)
  }
  return reading.config.node.entries.map(({ settings: { heartbeat } }) => {
    if (heartbeat === undefined) return 'none'
    const { everyMs, payload, answer, echo } = heartbeat
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
    return [everyMs, hex(payload), answer === undefined ? 'no answer' : hex(answer), echo]
  })
}

describe('heartbeat: a duration alone', () => {
  it('takes the bytes of the protocol that the codec is named after, also in single entries', async () => {
    const text = `
codec: iec104
heartbeat: 20s
links:
  - { id: a, ${LINK}: 1 }
  - { id: b, ${LINK}: 2, heartbeat: 5s }
  - { id: c, ${LINK}: 3, codec: len16 }
  - { id: d, ${LINK}: 4, heartbeat: off }
`
    expect(await heartbeats(text)).toEqual([
      [20_000, '43000000', '83000000', false],
      [5_000, '43000000', '83000000', false],
      [20_000, '', 'no answer', false],
      'none',
    ])
  })

  it('is an empty frame for other codecs', async () => {
    expect(await heartbeats(`heartbeat: 20s\nlinks: [{ ${LINK}: 1 }]`)).toEqual([
      [20_000, '', 'no answer', false],
    ])
  })

  it('is a mistake if the codec cannot carry an empty frame, with the way out', async () => {
    const text = `codec: telegram-40\nheartbeat: 20s\nlinks: [{ ${LINK}: 1 }]`
    expect(await heartbeats(text)).toEqual([
      expect.stringMatching(
        /^2 heartbeat: the codec cannot carry heartbeat.payload, so set another one/,
      ),
    ])
  })
})

describe('heartbeat: { echo }', () => {
  it('is never sent by itself', async () => {
    const text = `heartbeat: { echo: { hex: "00" } }\nlinks: [{ ${LINK}: 1 }]`
    expect(await heartbeats(text)).toEqual([[0, '00', 'no answer', true]])
  })

  it.each([
    ['{ echo: "", every: 5s }', '1 heartbeat.every: an echo is never sent by itself'],
    ['{ payload: a }', '1 heartbeat.every: expected a duration'],
    ['{ echo: 5 }', '1 heartbeat.echo'],
    ['soon', '1 heartbeat: expected a duration, { every, payload, answer }, { echo } or "off"'],
  ])('%s is a mistake', async (written, mistake) => {
    const mistakes = await heartbeats(`heartbeat: ${written}\nlinks: [{ ${LINK}: 1 }]`)
    expect(mistakes.join('\n')).toContain(mistake)
  })
})
