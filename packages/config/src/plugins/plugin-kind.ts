import type { FrameCodec, ReconnectStrategy, SendRouter, Transport } from '@commloop/core'

/** What each kind of plugin creates. */
export interface PluginValues {
  readonly transport: Transport
  readonly codec: FrameCodec
  readonly reconnect: ReconnectStrategy
  readonly router: SendRouter
}

export type PluginKind = keyof PluginValues

/** Version of the contract between commloop and its plugins; a plugin says for which one it was made. */
export const PLUGIN_API_VERSION = 1

/** What a value of a kind must have at least, with the type of each member. */
const MEMBERS: Readonly<Record<PluginKind, Readonly<Record<string, 'function' | 'number'>>>> = {
  transport: { dial: 'function', listen: 'function' },
  codec: {
    payloadBytesMax: 'number',
    frameBytesMax: 'function',
    encode: 'function',
    createDecoder: 'function',
  },
  reconnect: { delayMs: 'function' },
  router: { route: 'function' },
}

/** What the value lacks to be of this kind; undefined: nothing. */
export function lackOf(kind: PluginKind, value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return `is ${describe(value)}, no object`
  if ('then' in value) return 'is a promise: make it ready before, with `await` in the module'
  for (const [member, type] of Object.entries(MEMBERS[kind])) {
    const found: unknown = (value as Record<string, unknown>)[member]
    if (typeof found !== type) return `has ${describe(found)} as "${member}", expected a ${type}`
  }
  return undefined
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
