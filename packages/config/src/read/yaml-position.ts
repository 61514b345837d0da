import { type Document, isAlias, isMap, isScalar, isSeq, type Node as YamlNode } from 'yaml'
import type { ConfigPath } from './config-path.js'
import type { YamlIndex } from './yaml-index.js'

interface Step {
  /** Offset of the key; undefined in a list. */
  readonly keyAt: number | undefined
  /** null: the key has no value. */
  readonly value: YamlNode | null
}

/**
 * The offset of the value, or of the key, at the path. If the value is missing: the offset of the nearest key or value
 * around it, preferably a key.
 */
export function offsetOfPath(
  document: Document,
  root: YamlNode | null,
  index: YamlIndex,
  path: ConfigPath,
  want: 'key' | 'value',
): number {
  let node = resolved(document, root)
  let offset = node?.range?.[0] ?? 0
  for (const [depth, key] of path.entries()) {
    const step = stepInto(index, node, key)
    if (step === undefined) break
    const next = resolved(document, step.value)
    const below = path[depth + 1]
    const endsHere = below === undefined || stepInto(index, next, below) === undefined
    const showsKey = step.value === null || (endsHere && (below !== undefined || want === 'key'))
    const valueAt = step.value?.range?.[0]
    offset = (showsKey ? (step.keyAt ?? valueAt) : (valueAt ?? step.keyAt)) ?? offset
    node = next
  }
  return offset
}

function stepInto(index: YamlIndex, node: YamlNode | null, key: string | number): Step | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(key)]
    return item === undefined ? undefined : { keyAt: undefined, value: item as YamlNode }
  }
  if (!isMap(node)) return undefined
  const pair = index.pair(node, String(key))
  if (pair === undefined) return undefined
  const value = pair.value as YamlNode | null
  const isWritten =
    value !== null && !(isScalar(value) && value.source === '' && value.value === null)
  return {
    keyAt: (pair.key as YamlNode).range?.[0],
    value: isWritten ? value : null,
  }
}

function resolved(document: Document, node: YamlNode | null): YamlNode | null {
  return isAlias(node) ? (node.resolve(document) ?? null) : node
}
