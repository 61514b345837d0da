import { type NodeOptions, resolveConfig } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import { acknowledgementWarning } from '../src/load/acknowledgement-warning.js'

const LINKS: NodeOptions['links'] = ['mes', 'erp'].map((id, at) => {
  return { id, role: 'active', ip: '192.168.0.2', port: 8001 + at }
})

describe('a system that does not show what is unacknowledged', () => {
  const warned = (options: Partial<NodeOptions>, tellsUnacknowledged?: boolean): string[] => {
    const stated = tellsUnacknowledged === undefined ? {} : { tellsUnacknowledged }
    const warnings = acknowledgementWarning(resolveConfig({ links: LINKS, ...options }), stated)
    return warnings.map(({ message }) => message)
  }

  it('causes one warning, which names a link and what to set instead', () => {
    const [message, ...others] = warned({}, false)
    expect(message).toContain('"mes"')
    expect(message).toContain('"heartbeat"')
    expect(others).toEqual([])
  })

  it.each<[string, Partial<NodeOptions>, boolean | undefined]>([
    ['the system shows it', {}, true],
    ['the transport makes no statement', {}, undefined],
    ['it is switched off', { unacknowledgedMax: 0 }, false],
    ['a heartbeat does the same', { heartbeat: { every: '5s' } }, false],
    ['the entry is disabled', { links: LINKS.map((link) => ({ ...link, enabled: false })) }, false],
  ])('causes none if %s', (_name, options, tells) => {
    expect(warned(options, tells)).toEqual([])
  })
})
