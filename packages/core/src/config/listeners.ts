import { addressSlip } from '../address/address-slip.js'
import { parseIp } from '../address/ip-address.js'
import { describeValue } from '../text/describe-value.js'
import type { ConfigProblem } from './config-problem.js'
import type { EntryConfig, ListenConfig, NodeConfig } from './node-config.js'
import { LISTEN_KEYS, type ListenPlace, type NodeOptions } from './node-options.js'
import type { OptionReader } from './option-reader.js'

export const PORT_MAX = 65_535
/** Listeners of a node. Each has a descriptor, which the reserve of the process must cover. */
export const LISTENERS_MAX = 16

/** The listeners as written, each with its path: `listen` is one of them or a list. */
export function writtenListeners(
  listen: NodeOptions['listen'],
): readonly { readonly place: ListenPlace; readonly path: ConfigProblem['path'] }[] {
  if (listen === undefined) return []
  if (!isList(listen)) return [{ place: listen, path: ['listen'] }]
  return listen.map((place, index) => ({ place, path: ['listen', index] }))
}

/** The name of a listener: the written one, or else its port. */
export function listenerName({ name, port }: ListenPlace): string {
  return typeof name === 'string' ? name : String(port)
}

/** The listeners through which a passive entry may be filled. */
export function listenersOf(
  { listeners }: Pick<NodeConfig, 'listeners'>,
  entry: EntryConfig,
): readonly ListenConfig[] {
  if (entry.role === 'active') return []
  const { listener } = entry
  return listener === undefined ? listeners : listeners.filter(({ name }) => name === listener)
}

export function readListeners(reader: OptionReader, options: NodeOptions): ListenConfig[] {
  const written = writtenListeners(options.listen)
  if (isList(options.listen) && (written.length === 0 || written.length > LISTENERS_MAX)) {
    reader.unexpected(['listen'], `1 to ${String(LISTENERS_MAX)} listeners`, written.length)
  }
  const listeners = written.map(({ place, path }) => readListener(reader, place, path))
  for (const [index, { name, host, port }] of listeners.entries()) {
    const path = written[index]?.path ?? ['listen']
    const before = listeners.slice(0, index)
    if (before.some((other) => other.name === name)) {
      const message = `two listeners are named "${name}": give each its own "name"`
      reader.problem([...path, 'name'], message)
    } else if (port !== 0 && before.some((other) => other.port === port && other.host === host)) {
      reader.problem([...path, 'port'], `another listener has the address and the port too`)
    }
  }
  return listeners
}

function readListener(
  reader: OptionReader,
  place: ListenPlace,
  path: ConfigProblem['path'],
): ListenConfig {
  const { name, host = '0.0.0.0', port } = place
  const transportOptions = Object.fromEntries(
    Object.entries(place).filter(([key]) => !LISTEN_KEYS.includes(key)),
  )
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    reader.unexpected([...path, 'name'], 'a name', name)
  }
  if (parseIp(host) === undefined) {
    const slip = addressSlip('listen.host', host) ?? `found ${describeValue(host)}`
    reader.problem([...path, 'host'], `expected an IP address, ${slip}`)
  }
  const range = { min: 0, max: PORT_MAX, default: 0 }
  return {
    name: listenerName(place),
    host,
    port: reader.integer([...path, 'port'], port, range),
    transportOptions,
  }
}

function isList(listen: NodeOptions['listen']): listen is readonly ListenPlace[] {
  return Array.isArray(listen)
}
