import type { HeartbeatOptions } from '@commloop/core'
import { framing } from '@commloop/framings'
import type { ConfigFile } from '../schema/schema.js'

/**
 * The payload and the answer that `heartbeat: 20s` stands for: those of the protocol that the codec is named after. Other
 * codecs have none, so an empty frame is sent.
 */
export function standardHeartbeat(
  codec: ConfigFile['codec'],
): Pick<HeartbeatOptions, 'payload' | 'answer'> {
  const name = typeof codec === 'object' ? codec.use : codec
  const heartbeat = name === undefined ? undefined : framing(name)?.heartbeat
  if (heartbeat === undefined) return {}
  const { payload, answer } = heartbeat
  return { payload: bytesOf(payload), ...(answer === undefined ? {} : { answer: bytesOf(answer) }) }
}

function bytesOf(hex: string): Uint8Array {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex')
}
