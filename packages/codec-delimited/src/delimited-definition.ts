import {
  FrameCodec,
  type NodePart,
  PLUGIN_API_VERSION,
  type PluginDefinition,
  type PluginMismatch,
  type PluginSide,
  use,
} from '@commloop/core'
import { differingOptions, recogniseWith } from '@commloop/framings'
import { DelimitedCodec } from './delimited-codec.js'
import {
  type DelimitedOptions,
  type DelimitedSettings,
  delimitedSettings,
} from './delimited-options.js'

/**
 * Makes a node use frames between delimiters, for `createNode`.
 * @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or invalid options.
 */
export function delimitedCodec(options: DelimitedOptions): NodePart {
  return use(FrameCodec, new DelimitedCodec(options))
}

/** The codec `delimited` of a configuration. */
export const delimitedDefinition: PluginDefinition<'codec'> = {
  kind: 'codec',
  name: 'delimited',
  apiVersion: PLUGIN_API_VERSION,
  create: (options) => new DelimitedCodec(options as unknown as DelimitedOptions),
  compare,
}

// Any codec may ask for a diagnosis, of a stream that this one could have decoded.
recogniseWith('delimited', (options) => delimitedDefinition.create(options))

function compare(dialer: PluginSide, acceptor: PluginSide): PluginMismatch[] {
  const left = delimitedSettings(dialer.options)
  const right = delimitedSettings(acceptor.options)
  const framing = differingOptions(dialer.options, acceptor.options).map((option) => {
    const message = `${option} differs at ${dialer.node} and ${acceptor.node}: set the same value`
    return { finding: 'codec-differs', message }
  })
  return [
    ...framing,
    ...limitMismatches(dialer.node, left, acceptor.node, right),
    ...emptyMismatches(dialer, right, acceptor.node),
    ...emptyMismatches(acceptor, left, dialer.node),
  ]
}

function limitMismatches(
  leftNode: string,
  left: DelimitedSettings,
  rightNode: string,
  right: DelimitedSettings,
): PluginMismatch[] {
  const [one, other] = [left.payloadBytesMax, right.payloadBytesMax]
  if (one === other) return []
  const [large, small] = one > other ? [leftNode, rightNode] : [rightNode, leftNode]
  const message =
    `${large} may send payloads of ${String(Math.max(one, other))} bytes, and ${small} ` +
    `accepts up to ${String(Math.min(one, other))}: set the same maxPayload`
  return [{ finding: 'payload-limit-differs', message }]
}

function emptyMismatches(
  sender: PluginSide,
  { emptyFrames }: DelimitedSettings,
  receiver: string,
): PluginMismatch[] {
  const sendsEmpty = sender.heartbeats.some((payload) => payload.length === 0)
  if (!sendsEmpty || emptyFrames === 'deliver') return []
  const message = `${sender.node} sends empty frames as heartbeats, and ${receiver} does not receive them (emptyFrames: ${emptyFrames})`
  return [{ finding: 'codec-differs', message }]
}
