import {
  FrameCodec,
  type NodePart,
  PLUGIN_API_VERSION,
  type PluginDefinition,
  type PluginMismatch,
  type PluginSide,
  use,
} from '@commloop/core'
import { recogniseWith, sameOnWire } from '@commloop/framings'
import { FixedCodec, type FixedOptions, fixedSettings } from './fixed-codec.js'
import { LengthFieldCodec } from './length-field-codec.js'
import type { LengthFieldOptions } from './length-field-options.js'
import { lengthFieldSettings } from './length-field-settings.js'

/**
 * Makes a node use frames whose header says how long they are, for `createNode`.
 * @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or invalid options.
 */
export function lengthFieldCodec(options: LengthFieldOptions): NodePart {
  return use(FrameCodec, new LengthFieldCodec(options))
}

/**
 * Makes a node use frames of a fixed size, for `createNode`.
 * @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or invalid options.
 */
export function fixedCodec(options: FixedOptions): NodePart {
  return use(FrameCodec, new FixedCodec(options))
}

// The constructors judge every option, whatever its type.

/** The codec `length-field` of a configuration. */
export const lengthFieldDefinition: PluginDefinition<'codec'> = {
  kind: 'codec',
  name: 'length-field',
  apiVersion: PLUGIN_API_VERSION,
  create: (options) => new LengthFieldCodec(options as unknown as LengthFieldOptions),
  compare: compareLengthFields,
}

/** The codec `fixed` of a configuration. */
export const fixedDefinition: PluginDefinition<'codec'> = {
  kind: 'codec',
  name: 'fixed',
  apiVersion: PLUGIN_API_VERSION,
  create: (options) => new FixedCodec(options as unknown as FixedOptions),
  compare: compareFixed,
}

// Any codec may ask for a diagnosis, of a stream that this one could have decoded.
recogniseWith('length-field', (options) => lengthFieldDefinition.create(options))
recogniseWith('fixed', (options) => fixedDefinition.create(options))

function compareLengthFields(dialer: PluginSide, acceptor: PluginSide): PluginMismatch[] {
  const [left, right] = [lengthFieldSettings(dialer.options), lengthFieldSettings(acceptor.options)]
  const differing = Object.keys(left.wire).filter(
    (option) => left.wire[option] !== right.wire[option],
  )
  if (!sameOnWire(dialer.options, acceptor.options)) {
    return differing.map((option) => {
      const values = `${left.wire[option] ?? ''} at ${dialer.node} and ${right.wire[option] ?? ''} at ${acceptor.node}`
      return { finding: 'codec-differs', message: `${option} is ${values}` }
    })
  }
  const rejects = (side: PluginSide): boolean =>
    lengthFieldSettings(side.options).emptyFrames === 'reject'
  return [
    ...limitMismatches(dialer, left.payloadBytesMax, acceptor, right.payloadBytesMax),
    ...emptyFrameMismatches(dialer, acceptor, rejects(acceptor)),
    ...emptyFrameMismatches(acceptor, dialer, rejects(dialer)),
  ]
}

function limitMismatches(
  left: PluginSide,
  leftBytes: number,
  right: PluginSide,
  rightBytes: number,
): PluginMismatch[] {
  if (leftBytes === rightBytes) return []
  const [large, small] = leftBytes > rightBytes ? [left, right] : [right, left]
  const message =
    `${large.node} may send payloads of ${String(Math.max(leftBytes, rightBytes))} bytes, and ${small.node} ` +
    `ends the connection above ${String(Math.min(leftBytes, rightBytes))}: set the same maxPayload`
  return [{ finding: 'payload-limit-differs', message }]
}

function emptyFrameMismatches(
  sender: PluginSide,
  receiver: PluginSide,
  rejects: boolean,
): PluginMismatch[] {
  if (!rejects || !sender.heartbeats.some((payload) => payload.length === 0)) return []
  const message = `${sender.node} sends empty frames as heartbeats, and ${receiver.node} rejects empty frames`
  return [{ finding: 'codec-differs', message }]
}

function compareFixed(dialer: PluginSide, acceptor: PluginSide): PluginMismatch[] {
  const [left, right] = [fixedSettings(dialer.options), fixedSettings(acceptor.options)]
  if (left.bytes === right.bytes) return []
  const message = `bytes is ${String(left.bytes)} at ${dialer.node} and ${String(right.bytes)} at ${acceptor.node}`
  return [{ finding: 'codec-differs', message }]
}
