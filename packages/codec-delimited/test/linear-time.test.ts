import { frameCodecChecks } from '@commloop/testing/compliance'
import { describe, expect, it } from 'vitest'
import { DelimitedCodec, type DelimitedOptions } from '../src/index.js'
import { textPayload } from './delimited-framings.js'

/** Large enough that a second look at all bytes takes longer than everything else. */
const BYTES_MAX = 300_000

describe('a large frame whose bytes arrive one at a time', () => {
  it.each<[string, DelimitedOptions]>([
    ['one byte', { end: '\n' }],
    ['two bytes', { start: { hex: '0b' }, end: { hex: '1c0d' } }],
    ['several ends', { end: ['\n', '\r\n', ';;'] }],
    ['a doubled lead', { start: { hex: '1002' }, end: { hex: '1003' }, escape: 'dle' }],
    ['flags', { start: { hex: '7e' }, end: { hex: '7e' }, escape: 'hdlc', resync: 'hunt' }],
  ])('takes linear time if it ends with %s', async (_, options) => {
    const codec = new DelimitedCodec({ ...options, maxPayload: BYTES_MAX })
    const checks = frameCodecChecks(codec, { payload: textPayload })
    const [linear, ...others] = checks.filter(({ name }) => name.includes('in proportion to'))
    expect(others).toEqual([])
    await linear?.check()
    expect(linear).toBeDefined()
  })
})
