import {
  FrameCodec,
  type NodePart,
  PLUGIN_API_VERSION,
  type PluginDefinition,
  type PluginMismatch,
  type PluginSide,
  use,
} from '@commloop/core'
import { Len16Codec } from './len16-codec.js'
import { type Len16Options, type Len16Settings, len16Settings } from './len16-options.js'

/**
 * Makes a node use frames with a two-byte length, for `createNode`.
 * @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or invalid options.
 */
export function len16Codec(options?: Len16Options): NodePart {
  return use(FrameCodec, new Len16Codec(options))
}

/** The codec `len16` of a configuration. */
export const len16Definition: PluginDefinition<'codec'> = {
  kind: 'codec',
  name: 'len16',
  apiVersion: PLUGIN_API_VERSION,
  create: (options) => new Len16Codec(options),
  compare,
}

interface Side {
  readonly node: string
  readonly settings: Len16Settings
  readonly sendsEmpty: boolean
}

function sideOf({ node, options, heartbeats }: PluginSide): Side {
  const settings = len16Settings(options)
  return { node, settings, sendsEmpty: heartbeats.some((payload) => payload.length === 0) }
}

function compare(dialer: PluginSide, acceptor: PluginSide): PluginMismatch[] {
  const left = sideOf(dialer)
  const right = sideOf(acceptor)
  const header = headerMismatches(left, right)
  return [
    ...header,
    // If the headers differ, so do the default limits, and a second finding would not help.
    ...(header.length === 0 ? limitMismatches(left, right) : []),
    ...emptyFrameMismatches(left, right),
    ...emptyFrameMismatches(right, left),
  ]
}

function headerMismatches(left: Side, right: Side): PluginMismatch[] {
  const valuesOf = ({ settings }: Side): readonly (readonly [string, string])[] => [
    ['byteOrder', settings.byteOrder],
    ['lengthIncludesHeader', String(settings.countedHeaderBytes > 0)],
  ]
  const others = new Map(valuesOf(right))
  return valuesOf(left).flatMap(([option, mine]) => {
    const theirs = others.get(option) ?? ''
    if (mine === theirs) return []
    const message = `${option} is ${mine} at ${left.node} and ${theirs} at ${right.node}`
    return [{ finding: 'codec-differs', message }]
  })
}

function limitMismatches(left: Side, right: Side): PluginMismatch[] {
  const [one, other] = [left.settings.payloadBytesMax, right.settings.payloadBytesMax]
  if (one === other) return []
  const [large, small] = one > other ? [left, right] : [right, left]
  const message =
    `${large.node} may send payloads of ${String(Math.max(one, other))} bytes, and ${small.node} ` +
    `ends the connection above ${String(Math.min(one, other))}: set the same maxPayload`
  return [{ finding: 'payload-limit-differs', message }]
}

function emptyFrameMismatches(sender: Side, receiver: Side): PluginMismatch[] {
  if (!sender.sendsEmpty || receiver.settings.payloadBytesMin === 0) return []
  const message = `${sender.node} sends empty frames as heartbeats, and ${receiver.node} rejects empty frames`
  return [{ finding: 'codec-differs', message }]
}
