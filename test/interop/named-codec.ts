import delimited from '@commloop/codec-delimited'
import { lengthFieldDefinition } from '@commloop/codec-length-field'
import { FrameCodec, type NodePart, type PluginOptions, use } from '@commloop/core'
import { framing, framingDefinition } from '@commloop/framings'

/** The codec that a configuration names in this way. */
export function namedCodec(name: string, options: PluginOptions = {}): NodePart {
  const found = framing(name)
  if (found === undefined) throw new Error(`no codec "${name}"`)
  const codec = found.codec === 'delimited' ? delimited : lengthFieldDefinition
  return use(FrameCodec, framingDefinition(found, codec).create(options))
}
