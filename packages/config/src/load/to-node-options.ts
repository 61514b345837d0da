import { hostname } from 'node:os'
import type {
  EntryOptions,
  FrameCodec,
  NodeOptions,
  PluginChoice,
  ReconnectStrategy,
} from '@commloop/core'
import type { ConfigFile, EntryFile } from '../schema/schema.js'
import { isNoPort, roleOf } from '../schema/legacy-role.js'

/** The plugins that an entry has for itself. */
export interface EntryPlugins {
  readonly codec?: PluginChoice<FrameCodec> | undefined
  readonly reconnect?: PluginChoice<ReconnectStrategy> | undefined
}

/** As it was when the process began: a machine that is renamed must not rename a node that runs. */
const HOST_NAME = hostname()

/** What a file says, as core takes it: without the keys that are only the file's, plugins as values. */
export function optionsOfFile(
  file: ConfigFile,
  pluginsOf: (entry: number) => EntryPlugins,
): NodeOptions {
  const own = [
    '$schema',
    'transport',
    'codec',
    'reconnect',
    'router',
    'control',
    'metrics',
  ] as const
  const { heartbeat, ...rest } = without(file as Exact<ConfigFile>, own)
  return {
    ...rest,
    ...heartbeatOptions(heartbeat),
    node: file.node ?? HOST_NAME,
    links: file.links.map((entry, index) => entryOptions(entry, pluginsOf(index))),
  }
}

/**
 * In place of an entry that does not say who dials: that was told, and of the rest only the id can be judged. The
 * address is one that nobody has and no passive entry shadows.
 */
const STAND_IN = { role: 'active', ip: '255.255.255.254', port: 1 } as const

function entryOptions(entry: EntryFile, { codec, reconnect }: EntryPlugins): EntryOptions {
  const role = roleOf(entry)
  if (role === undefined) return entry.id === undefined ? STAND_IN : { ...STAND_IN, id: entry.id }
  const own = ['as_server', 'is_server', 'socket', 'codec', 'reconnect'] as const
  const { heartbeat, port, ...rest } = without(entry as Exact<EntryFile>, own)
  return {
    ...rest,
    ...heartbeatOptions(heartbeat),
    ...(codec === undefined ? {} : { codec }),
    ...(reconnect === undefined ? {} : { reconnect }),
    ...(port === undefined || isNoPort(entry) ? {} : { port }),
    role,
  }
}

type WrittenHeartbeat = Exact<ConfigFile>['heartbeat']
type WrittenBytes = NonNullable<Exclude<WrittenHeartbeat, 'off' | undefined>['payload']>

function heartbeatOptions(written: WrittenHeartbeat): Pick<NodeOptions, 'heartbeat'> {
  if (written === undefined || written === 'off') return written ? { heartbeat: written } : {}
  const { every, payload, answer } = written
  return {
    heartbeat: {
      every,
      ...(payload === undefined ? {} : { payload: bytesOf(payload) }),
      ...(answer === undefined ? {} : { answer: bytesOf(answer) }),
    },
  }
}

function bytesOf(written: WrittenBytes): Uint8Array | string {
  if (typeof written === 'string') return written
  return 'hex' in written ? Buffer.from(written.hex, 'hex') : Buffer.from(written.base64, 'base64')
}

/** In parsed text a key is there with a value, or it is not there; no key holds undefined. */
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
