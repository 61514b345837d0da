import { describe, expect, it } from 'vitest'
import {
  errorLine,
  linkLine,
  MessageLines,
  outcomeLine,
  readyLine,
  rejectedLine,
} from '@commloop/control'

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
/** Text of several scripts. */
const LINE_ENDS = [10, 11, 12, 13, 28, 29, 30, 0x85, 0x2028, 0x2029].map((code) =>
  String.fromCharCode(code),
)
const ODD_NAME = 'a"\\\n\u2028\u0085\ud800😀'

function parsed(line: string): Record<string, unknown> {
  expect(line.endsWith('\n')).toBe(true)
  for (const end of LINE_ENDS) expect(line.slice(0, -1)).not.toContain(end)
  return JSON.parse(line) as Record<string, unknown>
}

describe('lines of messages', () => {
  it('contain every byte as base64', () => {
    const line = new MessageLines(false).of({ payload: ALL_BYTES, link: 'in', epoch: 3 })
    expect(line.startsWith('{"type":"message","link":"in","epoch":3,"base64":"')).toBe(true)
    expect(parsed(line).base64).toBe(ALL_BYTES.toString('base64'))
  })

  it('contain a payload that is a part of a larger buffer', () => {
    const payload = new Uint8Array(ALL_BYTES.buffer, ALL_BYTES.byteOffset + 97, 3)
    const base64 = parsed(new MessageLines(false).of({ payload, link: 'in', epoch: 1 })).base64
    expect(Buffer.from(String(base64), 'base64').toString()).toBe('abc')
  })

  it('contain text if requested and if the payload is valid UTF-8', () => {
    const lines = new MessageLines(true)
    for (const text of [
      '',
      'abc',
      'é连😀',
      '\0\x01\x1f\x7f"\\\n',
      '\u2028\u2029\u0085',
      '\ufeffx',
    ]) {
      const line = parsed(lines.of({ payload: Buffer.from(text), link: 'in', epoch: 1 }))
      expect(line).toEqual({ type: 'message', link: 'in', epoch: 1, payload: text })
    }
    for (const bytes of [
      ALL_BYTES,
      Buffer.of(0xc3),
      Buffer.of(0xed, 0xa0, 0x80),
      Buffer.of(0xff),
    ]) {
      const line = parsed(lines.of({ payload: bytes, link: 'in', epoch: 1 }))
      expect(line.base64).toBe(bytes.toString('base64'))
      expect(line).not.toHaveProperty('payload')
    }
  })

  it('are valid JSON for every link id', () => {
    const line = new MessageLines(false).of({ payload: ALL_BYTES, link: ODD_NAME, epoch: 1 })
    expect(parsed(line).link).toBe(ODD_NAME)
  })
})

describe('lines of events', () => {
  it('have the type first and omit missing values', () => {
    expect(readyLine('plant', { ip: '0.0.0.0', port: 8000 })).toBe(
      '{"type":"ready","node":"plant","listen":{"host":"0.0.0.0","port":8000}}\n',
    )
    expect(readyLine('plant', undefined)).toBe('{"type":"ready","node":"plant"}\n')
    expect(linkLine({ link: 'a', state: 'idle', epoch: 0 })).toBe(
      '{"type":"link","link":"a","state":"idle","epoch":0}\n',
    )
  })

  it('contain the address of a peer, and the time of the next dial', () => {
    const up = { link: 'a', state: 'up', epoch: 1, remote: { ip: 'fe80::1', port: 9 } } as const
    expect(parsed(linkLine(up)).remote).toBe('[fe80::1]:9')
    const wait = { link: 'a', state: 'backoff', epoch: 1, attempt: 2, delayMs: 12.7 } as const
    expect(parsed(linkLine(wait))).toMatchObject({ attempt: 2, delayMs: 13 })
  })

  it('contain a count of messages without id, or the id', () => {
    const ended = { outcome: 'dropped', reason: 'r', count: 4 } as const
    expect(parsed(outcomeLine(ended))).toEqual({ type: 'outcome', ...ended })
    expect(parsed(outcomeLine({ ...ended, id: 'x', link: 'a', count: 1 }))).toEqual({
      type: 'outcome',
      id: 'x',
      outcome: 'dropped',
      link: 'a',
      reason: 'r',
    })
  })

  it('are one line for every content', () => {
    const rejected = {
      remote: '1.2.3.4:5',
      code: 'not-in-table',
      reason: ODD_NAME,
      count: 1,
    } as const
    expect(parsed(rejectedLine(rejected)).reason).toBe(ODD_NAME)
    const error = {
      code: 'CML_ERR_INPUT_INVALID',
      message: ODD_NAME,
      line: 3,
      id: ODD_NAME,
    } as const
    expect(parsed(errorLine(error))).toEqual({ type: 'error', ...error })
  })
})
