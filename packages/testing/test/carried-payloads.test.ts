import { describe, expect, it } from 'vitest'
import { runCampaign, simulate } from '../src/simulator/index.js'
import { type LineFault, LineCodec, linePayload } from './line-codec.js'

const campaign = (codec: LineCodec, seeds: number) =>
  runCampaign({ codec, payload: linePayload, from: 0, seeds })

describe('the simulator with a codec that does not carry all bytes', () => {
  it('finds nothing in a correct one, and reaches heartbeats, answers and relays', async () => {
    const { failures, messages, markers } = await campaign(new LineCodec(), 15)
    expect(failures).toEqual([])
    expect(messages).toBeGreaterThan(1_000)
    expect(markers.of('heartbeat answered')).toBeGreaterThan(0)
    expect(markers.of('relayed')).toBeGreaterThan(0)
  })

  it.each<LineFault>(['loses the end at the border of a chunk'])(
    'finds a codec that %s',
    async (fault) => {
      const { failures } = await campaign(new LineCodec(70_000, fault), 30)
      expect(failures).not.toEqual([])
    },
  )

  it('says that a codec carries too little for a simulation', async () => {
    const payload = (bytes: number) => (bytes <= 10 ? linePayload(bytes) : undefined)
    const { violation } = await simulate({ codec: new LineCodec(), payload, seed: 1 })
    expect(violation?.what).toContain('the codec carries no payload of 24 bytes')
  })
})
