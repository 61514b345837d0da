import {
  type ConfigProblem,
  heartbeatProblems as unencodable,
  type NodeConfig,
  type NodeOptions,
  type FrameCodec,
  pathText,
} from '@commloop/core'

/** Heartbeats that the codecs of their links cannot carry, each at the place where it is written. */
export function heartbeatProblems(
  options: NodeOptions,
  node: Pick<NodeConfig, 'entries'>,
  codec: FrameCodec,
): ConfigProblem[] {
  const problems = new Map<string, ConfigProblem>()
  for (const { path, message } of unencodable(node, codec)) {
    const index = Number(path[1])
    const isOwn = options.links[index]?.heartbeat !== undefined
    const place = isOwn ? [...path, 'heartbeat'] : ['heartbeat']
    // One heartbeat of the node may be wrong for thousands of entries.
    const key = `${pathText(place)} ${message}`
    const entry = isOwn ? '' : ` (link "${node.entries[index]?.id ?? ''}")`
    if (!problems.has(key)) problems.set(key, { path: place, message: message + entry })
  }
  return [...problems.values()]
}
