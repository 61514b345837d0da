import { describe, expect, it } from 'vitest'
import { checksum, FrameTail, WrittenChecksum } from '../src/index.js'

const tail = new FrameTail([
  { written: new WrittenChecksum(checksum('sum-8'), 'HEX'), from: 1 },
  { bytes: Buffer.from('\r\n') },
])

/** A frame of `.ab` and its tail, two bytes into a larger array. */
function written(): Uint8Array {
  const into = new Uint8Array(16)
  into.set(Buffer.from('.ab'), 2)
  expect(tail.write(into, 2, 5)).toBe(5 + tail.bytes)
  return into
}

describe('the tail of a frame', () => {
  it('has the size of its parts', () => {
    expect(tail.bytes).toBe(4)
    expect(new FrameTail([]).bytes).toBe(0)
  })

  it('is written in the order of its parts, with a checksum from the given byte', () => {
    expect(Buffer.from(written().subarray(2, 9)).toString('latin1')).toBe('.abC3\r\n')
  })

  it('that was written has no fault', () => {
    expect(tail.fault(written(), 2, 5)).toBeUndefined()
  })

  it('with a wrong checksum names both checksums', () => {
    const frame = written()
    frame[3] = 0x62
    expect(tail.fault(frame, 2, 5)).toMatchObject({
      code: 'CML_ERR_FRAME_CHECKSUM',
      message: 'the frame has the checksum 43 33 ("C3"), expected 43 34 ("C4")',
    })
  })

  it('with other constant bytes names them', () => {
    const frame = written()
    frame[8] = 0x0d
    expect(tail.fault(frame, 2, 5)).toMatchObject({
      code: 'CML_ERR_FRAME_INVALID',
      message: 'the frame ends with 0d 0d, expected 0d 0a',
    })
  })
})
