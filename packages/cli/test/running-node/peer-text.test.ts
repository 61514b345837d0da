import type { LinkStatus } from '@commloop/control'
import { describe, expect, it } from 'vitest'
import { peerText } from '../../src/running-node/status-text.js'

function text(peer: string, dialAddress: string | null, more: Partial<LinkStatus> = {}): string {
  const link: Partial<LinkStatus> = { role: 'active', remote: null, peer, dialAddress, ...more }
  return peerText(link as LinkStatus)
}

describe('the peer of a link in a status', () => {
  it('is the address that is dialled now or next, if it is not the first one', () => {
    const peer = '10.0.0.12:80, 10.0.0.1:80'
    expect(text(peer, '10.0.0.12')).toBe(`→ ${peer}`)
    expect(text(peer, '10.0.0.1')).toBe(`→ 10.0.0.1 (${peer})`)
    expect(text('pair.example:80', '10.0.0.1')).toBe('→ 10.0.0.1 (pair.example:80)')
    expect(text('pair.example:80', 'pair.example')).toBe('→ pair.example:80')
    expect(text('[fd00::1]:80', 'fd00::1')).toBe('→ [fd00::1]:80')
  })

  it('is the connected address, or what may connect', () => {
    expect(text('10.0.0.1:80', '10.0.0.1', { remote: '10.0.0.2:80' })).toBe('10.0.0.2:80')
    expect(text('peer.example', null, { role: 'passive' })).toBe('← peer.example')
  })
})
