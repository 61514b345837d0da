import { describe, expect, it } from 'vitest'
import { noteText } from '../../src/running-node/status-text.js'

type LinkStatus = Parameters<typeof noteText>[0]

function note(progress: string | undefined, reason: string | null): string {
  const remote = '192.168.0.2:8001'
  const waiting = { for: 'opening', remote, ...(progress === undefined ? {} : { progress }) }
  return noteText({ state: 'dialing', attempt: 2, reason, waiting } as LinkStatus, null)
}

describe('the note of a link whose opening is not over', () => {
  it('says how far the opening is', () => {
    expect(note('step 2 of 3', null)).toBe('connected to 192.168.0.2:8001, opening: step 2 of 3')
  })

  it('is shorter if the opening does not say it, and has the last reason', () => {
    const reason = 'not opened: wrong user'
    expect(note(undefined, reason)).toBe(`connected to 192.168.0.2:8001, opening: ${reason}`)
  })
})
