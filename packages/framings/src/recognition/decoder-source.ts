import type { FrameCodec, PluginOptions } from '@commloop/core'

/** Makes a codec with these options, whose decoders are tried on bytes that another codec could not decode. */
export type DecoderSource = (options: PluginOptions) => Pick<FrameCodec, 'createDecoder'>

const SOURCES = new Map<string, DecoderSource>()

/**
 * Lets recognition use the decoders of a codec. A codec package calls this when it is loaded: it depends on this package, so
 * this package cannot import it.
 */
export function recogniseWith(codec: string, source: DecoderSource): void {
  SOURCES.set(codec, source)
}

/** The decoders of a codec; undefined: the program has not loaded its package. */
export function decoderSource(codec: string): DecoderSource | undefined {
  return SOURCES.get(codec)
}
