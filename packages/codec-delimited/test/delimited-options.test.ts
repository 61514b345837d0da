import { CommloopError } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { DelimitedCodec, type DelimitedOptions } from '../src/index.js'

function problems(options: object): string[] {
  try {
    new DelimitedCodec(options as unknown as DelimitedOptions)
  } catch (error) {
    if (!CommloopError.is(error)) throw error
    expect(error.code).toBe('CML_ERR_CONFIG_INVALID')
    return error.message.split('\n')
  }
  return []
}

const END = { end: '\n' }
const FLAG = { hex: '7e' }

describe('options that the codec rejects', () => {
  it.each<[string, object, string]>([
    ['no end', {}, 'end'],
    ['an empty end', { end: '' }, 'end'],
    ['a list without an end', { end: [] }, 'end'],
    ['an end that is not bytes', { end: 10 }, 'end'],
    ['an end with half a byte', { end: { hex: '1c0' } }, 'end'],
    ['too many ends', { end: Array.from('abcdefghi') }, 'end'],
    ['an end that contains another one', { end: ['\r', '\r\n'] }, '0d 0a contains another end'],
    ['an end in the middle of another one', { end: ['abcd', 'bc'] }, 'contains another end'],
    ['a start that is too long', { ...END, start: 'x'.repeat(33) }, 'start'],
    ['an unknown option', { ...END, stop: 'x' }, 'stop'],
    [
      'an unknown escape',
      { ...END, escape: 'slap' },
      'one of none, slip, jt808, hdlc, cobs, hex, dle',
    ],
    ['SLIP with another end', { ...END, escape: 'slip' }, 'does not escape a byte of "end"'],
    ['COBS with another end', { ...END, escape: 'cobs' }, 'cobs needs'],
    ['COBS with a start', { end: { hex: '00' }, start: 'a', escape: 'cobs' }, 'cobs needs'],
    ['hexadecimal digits with such an end', { end: 'a', escape: 'hex' }, 'does not escape'],
    ['DLE with an end of one byte', { ...END, escape: 'dle' }, 'dle needs "end"'],
    ['DLE with another start', { start: 'ab', end: { hex: '1003' }, escape: 'dle' }, 'dle needs'],
    [
      'a lead without a pair',
      { end: 'E', escape: { lead: 'x', pairs: [{ byte: 'E', as: '1' }] } },
      'the lead needs a pair too',
    ],
    [
      'a pair that shows the end',
      {
        end: 'E',
        escape: {
          lead: 'x',
          pairs: [
            { byte: 'x', as: 'E' },
            { byte: 'E', as: '1' },
          ],
        },
      },
      'is itself a byte that is escaped',
    ],
    [
      'two pairs with one meaning',
      {
        end: 'E',
        escape: {
          lead: 'x',
          pairs: [
            { byte: 'x', as: '1' },
            { byte: 'E', as: '1' },
          ],
        },
      },
      'the same "as"',
    ],
    ['an escape without pairs', { end: 'E', escape: { lead: 'x' } }, 'escape.pairs'],
    [
      'a lead of two bytes',
      { end: 'E', escape: { lead: 'xy', pairs: [{ byte: 'x', as: '1' }] } },
      'escape.lead',
    ],
    ['an unknown checksum', { ...END, check: { checksum: 'crc', as: 'hex' } }, 'check.checksum'],
    ['a binary checksum without an escape', { ...END, check: { checksum: 'xor-8' } }, 'check.as'],
    [
      'an unknown key of a checksum',
      { ...END, check: { checksum: 'xor-8', as: 'hex', at: 3 } },
      'check.at',
    ],
    ['a checksum that is not a map', { ...END, check: 'xor-8' }, 'check'],
    ['a part after the end that is neither', { ...END, after: [{}] }, 'after.0'],
    ['single bytes without a start', { ...END, singles: 'a' }, 'singles'],
    ['single bytes with the start', { ...END, start: 'a', singles: 'ab' }, 'singles'],
    ['a preamble with the start', { ...END, start: 'a', preamble: 'ab' }, 'preamble'],
    [
      'single bytes in the preamble',
      { ...END, start: 'a', singles: 'b', preamble: 'b' },
      'singles',
    ],
    [
      'whole frames with an escape',
      { start: FLAG, end: FLAG, escape: 'hdlc', keep: 'frame' },
      'keep',
    ],
    [
      'whole frames with a checksum inside',
      { ...END, check: { checksum: 'xor-8', as: 'hex' }, keep: 'frame' },
      'keep',
    ],
    ['another word for keep', { ...END, keep: 'header' }, 'keep'],
    ['another word for empty frames', { ...END, emptyFrames: 'ignore' }, 'emptyFrames'],
    ['another word for hunting', { ...END, resync: 'skip' }, 'resync'],
    ['no payload', { ...END, maxPayload: 0 }, 'maxPayload'],
    ['a size that is not one', { ...END, maxPayload: '4 MB' }, 'maxPayload'],
  ])('are %s', (_, options, text) => {
    const found = problems(options)
    expect(found.join('\n')).toContain(text)
    expect(found.join('\n')).toContain('delimited')
  })

  it('are all reported together', () => {
    const wrong = { end: '', start: 3, escape: 'no', resync: 1, maxPayload: -1, x: 1 }
    const text = problems(wrong).join('\n')
    for (const option of Object.keys(wrong)) expect(text).toContain(option)
  })

  it('are not values that the codec has', () => {
    expect(
      problems({
        end: ['\n', '\r\n'],
        keep: 'frame',
        emptyFrames: 'skip',
        resync: 'hunt',
        maxPayload: '4MiB',
      }),
    ).toEqual([])
    expect(problems({ end: { base64: 'Cg==' }, escape: 'none' })).toEqual([])
  })
})
