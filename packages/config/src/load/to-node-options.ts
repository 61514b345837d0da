import { hostname } from 'node:os'
import type {
  Duration,
  EntryOptions,
  FrameCodec,
  LinkOpening,
  NodeOptions,
  PluginChoice,
  ReconnectStrategy,
} from '@commloop/core'
import { ALL_PLUGIN_KINDS, ENTRY_PLUGIN_KINDS, NO_PLUGIN } from '../plugins/plugin-kinds.js'
import { canonicalSpec, pluginSpecOf } from '../plugins/plugin-spec.js'
import type { ConfigFile, EntryFile } from '../schema/schema.js'
import { isNoPort, roleOf } from '../schema/legacy-role.js'
import { standardHeartbeat } from './standard-heartbeat.js'

/** The plugins of one entry, instead of those of the node. */
export interface EntryPlugins {
  readonly codec?: PluginChoice<FrameCodec> | undefined
  readonly reconnect?: PluginChoice<ReconnectStrategy> | undefined
  readonly opening?: PluginChoice<LinkOpening> | typeof NO_PLUGIN | undefined
}

/** The plugins of a table, as core wants them. */
export interface TablePlugins {
  ofEntry(index: number, entry: EntryFile): EntryPlugins
  /** The opening of all entries that do not name their own. */
  opening(file: ConfigFile): EntryPlugins['opening']
}

/** For a table that is read without its plugins: whether a link has an opening decides how its options are read. */
export const WITHOUT_PLUGINS: TablePlugins = {
  ofEntry: (_, { opening }) => ({ opening: writtenOpening(opening) }),
  opening: ({ opening }) => writtenOpening(opening),
}

const NOT_LOADED: LinkOpening = {
  begin: () => {
    throw new Error('the opening was not loaded')
  },
}

/** An opening that a file names, without its plugin. */
export function writtenOpening(written: ConfigFile['opening']): EntryPlugins['opening'] {
  if (written === undefined || written === NO_PLUGIN) return written
  return { spec: canonicalSpec(pluginSpecOf(written)), value: NOT_LOADED }
}

/** Read once, so that renaming the machine does not rename its running node. */
const HOST_NAME = hostname()

/** The options for core: without the keys that only the file has, and with plugins as objects. */
export function toNodeOptions(file: ConfigFile, plugins: TablePlugins): NodeOptions {
  const own = ['$schema', ...ALL_PLUGIN_KINDS, 'control', 'metrics'] as const
  const { heartbeat, ...rest } = without(file as Exact<ConfigFile>, own)
  const opening = plugins.opening(file)
  return {
    ...rest,
    ...heartbeatOptions(heartbeat, file.codec),
    ...(opening === undefined ? {} : { opening }),
    node: file.node ?? HOST_NAME,
    links: file.links.map((entry, index) =>
      entryOptions(entry, plugins.ofEntry(index, entry), file),
    ),
  }
}

/**
 * Placeholder for an entry without a role, which is already reported; only its id can still be validated. No machine
 * has this address, and no passive entry can shadow it.
 */
const STAND_IN = { role: 'active', ip: '255.255.255.254', port: 1 } as const

function entryOptions(
  entry: EntryFile,
  { codec, reconnect, opening }: EntryPlugins,
  top: Pick<ConfigFile, 'codec' | 'heartbeat'>,
): EntryOptions {
  const role = roleOf(entry)
  if (role === undefined) return entry.id === undefined ? STAND_IN : { ...STAND_IN, id: entry.id }
  const own = ['as_server', 'is_server', 'socket', ...ENTRY_PLUGIN_KINDS] as const
  const { heartbeat, port, ...rest } = without(entry as Exact<EntryFile>, own)
  return {
    ...rest,
    ...heartbeatOptions(heartbeat ?? inheritedHeartbeat(entry, top), entry.codec ?? top.codec),
    ...(codec === undefined ? {} : { codec }),
    ...(reconnect === undefined ? {} : { reconnect }),
    ...(opening === undefined ? {} : { opening }),
    ...(port === undefined || isNoPort(entry) ? {} : { port }),
    role,
  }
}

/** A duration at the top stands for other payloads in an entry whose codec is another one. */
function inheritedHeartbeat(
  { codec }: EntryFile,
  { heartbeat }: Pick<ConfigFile, 'heartbeat'>,
): WrittenHeartbeat {
  const isShort = typeof heartbeat === 'number' || typeof heartbeat === 'string'
  return codec !== undefined && isShort ? heartbeat : undefined
}

type WrittenHeartbeat = Exact<ConfigFile>['heartbeat']
type WrittenBytes = NonNullable<Exclude<WrittenHeartbeat, string | number | undefined>['payload']>

/** @param codec the codec of the links, whose protocol may define a heartbeat */
function heartbeatOptions(
  written: WrittenHeartbeat,
  codec: ConfigFile['codec'],
): Pick<NodeOptions, 'heartbeat'> {
  if (written === undefined || written === 'off') return written ? { heartbeat: written } : {}
  if (typeof written !== 'object') {
    return { heartbeat: { every: written, ...standardHeartbeat(codec) } }
  }
  const { every, payload, answer, echo } = written
  if (echo !== undefined) return { heartbeat: { ...written, echo: bytesOf(echo) } }
  return {
    heartbeat: {
      // Core reports it if it is missing.
      every: every as Duration,
      ...(payload === undefined ? {} : { payload: bytesOf(payload) }),
      ...(answer === undefined ? {} : { answer: bytesOf(answer) }),
    },
  }
}

function bytesOf(written: WrittenBytes): Uint8Array | string {
  if (typeof written === 'string') return written
  return 'hex' in written ? Buffer.from(written.hex, 'hex') : Buffer.from(written.base64, 'base64')
}

/** A parsed text has no keys with the value undefined. */
type Exact<Value> = Value extends readonly (infer Item)[]
  ? Exact<Item>[]
  : Value extends object
    ? { [Key in keyof Value]: Exact<Exclude<Value[Key], undefined>> }
    : Value

function without<Values extends object, Key extends keyof Values & string>(
  values: Values,
  keys: readonly Key[],
): Omit<Values, Key> {
  const kept = Object.entries(values).filter(([key]) => !keys.includes(key as Key))
  return Object.fromEntries(kept) as Omit<Values, Key>
}
