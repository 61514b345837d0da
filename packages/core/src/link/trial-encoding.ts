import type { FrameCodec } from '../contracts/frame-codec.js'
import { foreignText, messageText } from '../text/safe-text.js'

/** Why a codec cannot carry this payload; undefined: it can. The codec may be a plugin, so its answers are checked. */
export function encodingProblem(codec: FrameCodec, payload: Uint8Array): string | undefined {
  try {
    const room = codec.frameBytesMax(payload.byteLength)
    const end: unknown = codec.encode(Uint8Array.from(payload), new Uint8Array(room), 0)
    if (typeof end === 'number' && end > 0 && end <= room) return undefined
    return `its encode answered ${foreignText(end)}, and it had asked for ${String(room)} bytes`
  } catch (error) {
    return messageText(error)
  }
}
