import { CommloopError } from '@commloop/core'
import { counterpartOptions, expandedOptions, framing } from '@commloop/framings'
import type { PluginSpec } from './plugin-spec.js'

/** The codec that does the work, with all its options, if a spec names a framing; else the spec itself. */
export function framedSpec(spec: PluginSpec): PluginSpec {
  const found = framing(spec.use)
  if (found === undefined) return spec
  try {
    return { use: found.codec, options: expandedOptions(found, spec.options) }
  } catch (error) {
    // The options come from a file that nothing has checked yet.
    if (CommloopError.is(error) && error.code === 'CML_ERR_CONFIG_INVALID') return spec
    throw error
  }
}

/** The codec as the peer of a link writes it: in a header, the sender of one side is the receiver of the other. */
export function peerCodecSpec(spec: PluginSpec): PluginSpec {
  const found = framing(spec.use)
  return found === undefined ? spec : { ...spec, options: counterpartOptions(found, spec.options) }
}
