import { folderWith } from '@commloop/test-support/temporary-folder'
import { describe, expect, it } from 'vitest'
import { readConfig } from '../src/load/load-config.js'

/** A codec that does not carry line feeds. */
const LINES = `
const codec = {
  payloadBytesMax: 100,
  header: undefined,
  frameBytesMax: (bytes) => bytes + 1,
  encode(payload, into, at) {
    const found = payload.indexOf(0x0a)
    if (found >= 0) throw new Error('0a at byte ' + found + ' would end the line')
    into.set(payload, at)
    into[at + payload.length] = 0x0a
    return at + payload.length + 1
  },
  createDecoder() {},
}
export default { kind: 'codec', name: 'lines', apiVersion: 1, create: () => codec }
`

async function problems(text: string): Promise<string[]> {
  const cwd = folderWith({ '.commlooprc': text, 'lines.mjs': LINES })
  const reading = await readConfig({ cwd, env: {} })
  if (reading.ok) return []
  return reading.problems.map(({ line, path, message }) => `${String(line)} ${path}: ${message}`)
}

const LINK = 'role: active, ip: 10.0.0.1, port'

describe('a heartbeat that a codec cannot carry', () => {
  it('is a mistake of the configuration, at the place where it is written', async () => {
    expect(
      await problems(`
codec: ./lines.mjs
links:
  - { id: a, ${LINK}: 1 }
  - { id: b, ${LINK}: 2, heartbeat: { every: 5s, payload: "a\\nb" } }
  - { id: c, ${LINK}: 3, heartbeat: { every: 5s, payload: ping, answer: "\\n" } }
`),
    ).toEqual([
      '5 links[1].heartbeat: the codec cannot carry heartbeat.payload, so set another one: 0a at byte 1 would end the line',
      '6 links[2].heartbeat: the codec cannot carry heartbeat.answer, so set another one: 0a at byte 0 would end the line',
    ])
  })

  it('is reported once if all links have it', async () => {
    const found = await problems(`
codec: ./lines.mjs
heartbeat: { every: 5s, payload: "\\n" }
links:
  - { id: other, ${LINK}: 1, codec: len16 }
  - { id: a, ${LINK}: 2 }
  - { id: b, ${LINK}: 3 }
`)
    expect(found).toEqual([
      '3 heartbeat: the codec cannot carry heartbeat.payload, so set another one: 0a at byte 0 would end the line (link "a")',
    ])
  })

  it('is also one that is too large', async () => {
    const found = await problems(`
heartbeat: { every: 5s, payload: ${'x'.repeat(300)} }
links: [{ id: a, ${LINK}: 1, codec: { use: len16, maxPayload: 200 } }]
`)
    expect(found).toEqual([
      '2 heartbeat: a heartbeat of 300 bytes, and the codec takes 200 (link "a")',
    ])
  })

  it('is accepted if the codec can carry it, or if the link does not send it', async () => {
    expect(
      await problems(`
codec: ./lines.mjs
heartbeat: { every: 5s, payload: "" }
links:
  - { id: a, ${LINK}: 2 }
  - { id: b, ${LINK}: 3, heartbeat: off }
`),
    ).toEqual([])
  })
})
