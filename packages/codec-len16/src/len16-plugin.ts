import { FrameCodec, type Plugin, use } from '@commloop/core'
import { Len16Codec } from './len16-codec.js'
import type { Len16Options } from './len16-options.js'

/**
 * Makes a node speak frames with a two-byte length, for `createNode`.
 * @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or unusable options.
 */
export function len16Codec(options?: Len16Options): Plugin {
  return use(FrameCodec, new Len16Codec(options))
}

/** How a configuration finds this codec by its name. */
export const len16Plugin = {
  kind: 'codec',
  name: 'len16',
  apiVersion: 1,
  /** @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or unusable options. */
  create(options: Readonly<Record<string, unknown>>): FrameCodec {
    // Checked by the constructor, name by name.
    return new Len16Codec(options)
  },
} as const
