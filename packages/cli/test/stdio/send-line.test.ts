import { describe, expect, it } from 'vitest'
import { readSendLine } from '@commloop/control'

function read(line: unknown): ReturnType<typeof readSendLine> {
  return readSendLine(Buffer.from(typeof line === 'string' ? line : JSON.stringify(line)))
}

/** The payload as hex, and the options. */
function understood(line: unknown): { hex: string; options: object } {
  const request = read(line)
  if (request === undefined || 'problem' in request) {
    throw new Error(`not understood: ${JSON.stringify(request)}`)
  }
  return { hex: Buffer.from(request.payload).toString('hex'), options: request.options }
}

function problemOf(line: unknown): string {
  const request = read(line)
  return request !== undefined && 'problem' in request ? request.problem : 'none'
}

describe('a valid line', () => {
  it.each([
    [{ payload: 'abc' }, '616263'],
    [{ payload: '' }, ''],
    [{ payload: 'é连😀\0\ufffd' }, 'c3a9e8bf9ef09f988000efbfbd'],
    [{ base64: 'AP/+' }, '00fffe'],
    [{ base64: 'AA==' }, '00'],
    [{ base64: '' }, ''],
    [{ hex: '00fF' }, '00ff'],
    [{ hex: '' }, ''],
  ])('%j has the payload %s', (line, hex) => {
    expect(understood(line).hex).toBe(hex)
  })

  it.each([
    [{}, {}],
    [{ to: 'a' }, { to: 'a' }],
    [{ to: 0 }, { to: 0 }],
    [{ to: ['a', 2, 'cell/*'] }, { to: ['a', 2, 'cell/*'] }],
    [{ to: { link: 'a', epoch: 3 } }, { to: { link: 'a', epoch: 3 } }],
    [{ id: '' }, { id: '' }],
    [{ id: 'x y\n😀' }, { id: 'x y\n😀' }],
    [{ ttl: 1500 }, { ttlMs: 1500 }],
    [{ ttl: '2s' }, { ttlMs: 2000 }],
    [{ ttl: 0 }, { ttlMs: 0 }],
  ])('%j has the options %j', (more, options) => {
    expect(understood({ payload: 'x', ...more }).options).toEqual(options)
  })

  it.each([
    [{}, true],
    [{ wait: true }, true],
    [{ wait: false }, false],
  ])('%j waits: %j', (more, wait) => {
    expect(read({ payload: 'x', ...more })).toMatchObject({ wait })
  })

  it.each([0, 'false', null, []])('cannot have %j as `wait`', (wait) => {
    expect(problemOf({ payload: 'x', wait })).toMatch(/^wait: expected true or false/)
  })

  it('can have a byte order mark and a carriage return', () => {
    expect(understood('\ufeff{"payload":"x"}\r').hex).toBe('78')
  })

  it('can contain every byte as base64 and hex', () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
    expect(understood({ base64: all.toString('base64') }).hex).toBe(all.toString('hex'))
    expect(understood({ hex: all.toString('hex') }).hex).toBe(all.toString('hex'))
  })
})

describe('a blank line', () => {
  it.each(['', ' ', '\r', '\t \r'])('%j is ignored', (line) => {
    expect(read(line)).toBeUndefined()
  })
})

describe('an invalid line', () => {
  it.each([
    ['{"payload":"x"', 'not valid JSON'],
    ['payload', 'not valid JSON'],
    ['{"payload":"x"}{"payload":"y"}', 'not valid JSON'],
    ['[]', 'expected an object, found []'],
    ['null', 'expected an object, found null'],
    ['"text"', 'expected an object, found "text"'],
    [{}, 'expected exactly one of payload, text, base64 and hex, found none'],
    [
      { payload: 'x', hex: '00' },
      'expected exactly one of payload, text, base64 and hex, found payload',
    ],
    [{ payload: 1 }, 'payload: expected a string, found 1'],
    [{ base64: null }, 'base64: expected a string, found null'],
    [{ payload: 'x', paylod: 'y' }, '"paylod": unknown key. Did you mean "payload"?'],
    ['{"payload":"x","__proto__":{}}', '"__proto__": unknown key'],
    [{ payload: 'x', id: 7 }, 'id: expected a string, found 7'],
    [{ payload: 'x', to: -1 }, 'found -1'],
    [{ payload: 'x', to: 1.5 }, 'found 1.5'],
    [{ payload: 'x', to: true }, 'found true'],
    [{ payload: 'x', to: [] }, 'to: expected at least one link'],
    [{ payload: 'x', to: ['a', null] }, 'found null'],
    [{ payload: 'x', to: [['a']] }, 'found ["a"]'],
    [{ payload: 'x', to: { link: 'a' } }, 'found {"link":"a"}'],
    [{ payload: 'x', to: { link: 'a', epoch: 1, more: 1 } }, 'to: expected'],
    [
      { payload: 'x', ttl: 'soon' },
      'ttl: expected a duration such as "500ms" or "30s", found "soon"',
    ],
    [{ payload: 'x', ttl: -1 }, 'ttl: expected'],
    [{ payload: 'x', ttl: 2 ** 31 }, 'ttl: expected'],
    [{ payload: 'x', ttl: null }, 'ttl: expected'],
  ])('%j: %s', (line, problem) => {
    expect(problemOf(line)).toContain(problem)
  })

  it.each([
    'A',
    'AA',
    'AAA',
    'AA=',
    'AAA=A',
    'AB==',
    'AA==AA==',
    'A-_A',
    'AAAA\n',
    ' AAAA',
    'AAA\u00e9',
  ])('has the base64 %j, which Node would accept', (base64) => {
    expect(problemOf({ base64 })).toContain('base64: expected')
  })

  it.each(['0', '000', '0g', 'zz', '00 ', '0x00', '００'])('has the hex %j', (hex) => {
    expect(problemOf({ hex })).toContain('hex: expected')
  })

  it('has a lone surrogate, which UTF-8 would replace', () => {
    expect(problemOf('{"payload":"a\\ud800"}')).toContain('lone surrogate')
    expect(problemOf('{"payload":"a\\ud83d\\ude00"}')).toBe('none')
  })

  it('is not UTF-8', () => {
    const line = Buffer.concat([Buffer.from('{"payload":"'), Buffer.of(0xff), Buffer.from('"}')])
    expect(readSendLine(line)).toEqual({ problem: 'not valid UTF-8', id: undefined })
  })

  it('keeps its id', () => {
    expect(read({ payload: 1, id: 'seven' })).toMatchObject({ id: 'seven' })
    expect(read({ payload: 1, id: 7 })).toMatchObject({ id: undefined })
  })

  it('is quoted only in part', () => {
    expect(problemOf({ payload: 'x', to: { link: 'y'.repeat(100_000) } }).length).toBeLessThan(300)
    expect(problemOf(`{"payload":${'['.repeat(1_000)}`).length).toBeLessThan(300)
  })
})
