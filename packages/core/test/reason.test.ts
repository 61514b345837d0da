import { describe, expect, it } from 'vitest'
import { REASON_TEXTS, reasonFields, reasonText } from '../src/contracts/reason.js'

describe('a reason', () => {
  it('reads as its text, followed by its detail', () => {
    expect(reasonText({ code: 'silence' })).toBe('silence')
    expect(reasonText({ code: 'protocol-error', detail: 'length 0' })).toBe(
      'protocol error: length 0',
    )
    expect(reasonText({ code: 'silence', detail: 'it speaks TLS' })).toBe('silence; it speaks TLS')
  })

  it('reads as its detail alone if the code has no text', () => {
    expect(reasonText({ code: 'dial-failed', detail: 'ECONNREFUSED' })).toBe('ECONNREFUSED')
  })

  it('keeps its code and its detail beside the text', () => {
    const fields = reasonFields({ code: 'protocol-error', detail: 'length 0' })
    expect(fields).toEqual({
      reason: 'protocol error: length 0',
      code: 'protocol-error',
      detail: 'length 0',
    })
    expect(reasonFields({ code: 'ttl' })).toEqual({ reason: 'ttl', code: 'ttl' })
  })

  it('has a code in kebab-case, which can be a metric label', () => {
    for (const code of Object.keys(REASON_TEXTS)) expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/)
  })
})
