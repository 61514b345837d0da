import { describe, expect, it } from 'vitest'
import { ConnectionRoom } from '../src/connection-room.js'

describe('the room for accepted connections', () => {
  it('ends before the descriptors do, and comes back with each that is closed', () => {
    const room = new ConnectionRoom(34)
    expect([room.take(), room.take(), room.take()]).toEqual([true, true, false])
    room.giveBack()
    expect([room.take(), room.take()]).toEqual([true, false])
  })

  it('is that of one connection at least, and without end where the system sets none', () => {
    expect(new ConnectionRoom(10).max).toBe(1)
    expect(new ConnectionRoom(undefined).max).toBeGreaterThan(0)
  })
})
