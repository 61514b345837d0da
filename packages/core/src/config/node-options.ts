import type { FrameCodec } from '../contracts/frame-codec.js'
import type { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import type { Duration } from '../units/duration.js'
import type { Size } from '../units/size.js'

/**
 * What a user writes, in code or in `.commlooprc`: the same keys in both, except that the file names plugins and
 * code passes them to `createNode`. Defaults, limits and reasons: `docs/configuration.md`.
 */
export interface NodeOptions extends LinkOptions {
  /** The node's name in logs and events; default `commloop`. */
  readonly node?: string
  /** Where to accept connections. May be left out when no entry is passive. */
  readonly listen?: ListenPlace
  readonly links: readonly EntryOptions[]
  /** Received messages also go to the router, with `from`. Default false. */
  readonly relay?: boolean
  readonly audit?: { readonly every?: Duration; readonly grace?: Duration }
  /** Bounds of the routing stage. */
  readonly routing?: QueueLimits
  /** How long a router may take to settle its promise; default 1 s. */
  readonly routerTimeout?: Duration
  /** How long a message may be deferred in all, when it has no `ttl`; default 60 s. */
  readonly deferMax?: Duration
  /** Bounds of each `messages()` iterator; default 1 024 messages, 1 MiB. */
  readonly iterator?: QueueLimits
  /** Dials under way at once; default 64. */
  readonly dials?: number
  /** How long `stop` flushes before it cuts; default 5 s. */
  readonly stopDeadline?: Duration
}

export interface ListenPlace {
  /** Default `0.0.0.0`. */
  readonly host?: string
  readonly port: number
  readonly [transportOption: string]: unknown
}

export interface QueueLimits {
  readonly messages?: number
  readonly bytes?: Size
}

/** A plugin's value together with the canonical JSON of how it was asked for, by which a reload compares. */
export interface PluginChoice<T> {
  readonly spec: string
  readonly value: T
}

export interface HeartbeatOptions {
  readonly every: Duration
  /** Default empty. */
  readonly payload?: Uint8Array | string
  /** Sent back when a heartbeat is received; never answered itself. Must differ from `payload`. */
  readonly answer?: Uint8Array | string
}

/** What may stand at the top for every entry, and in an entry for its own links. */
export interface LinkOptions {
  /** Source address of dials; left out: the system chooses. */
  readonly bind?: string
  /** This entry's own codec; left out: the node's. */
  readonly codec?: PluginChoice<FrameCodec>
  /** This entry's own strategy; left out: the node's. */
  readonly reconnect?: PluginChoice<ReconnectStrategy>
  /** Default 16 MiB and 100 000 messages. A bare size bounds the bytes. */
  readonly outbox?: Size | QueueLimits
  readonly highWaterMark?: Size
  readonly overflow?: 'reject' | 'drop-oldest'
  readonly onLoss?: 'resend' | 'drop'
  /** How long a message may wait, from `send` on, where `send` does not say; or `none`, the default. */
  readonly ttl?: Duration
  readonly heartbeat?: HeartbeatOptions | 'off'
  /** Nothing received for so long ends the connection; or `off`. Default 3 × `heartbeat.every`, or `off` without. */
  readonly silence?: Duration
  readonly stall?: Duration
  readonly partialFrame?: Duration
  /** After the peer's FIN: `close` at once, `serve` on for 2 s, or for this long. */
  readonly halfClose?: Duration
  readonly linger?: Duration
  readonly connectTimeout?: Duration
  readonly probation?: Duration
  readonly stableAfter?: Duration
  readonly rearmAfter?: Duration
  readonly holdDown?: Duration
}

export interface EntryOptions extends LinkOptions {
  readonly id?: string
  readonly role: 'active' | 'passive'
  /** Active: whom to dial. Passive: an address, a CIDR range, or `0.0.0.0` or `::` for anyone. */
  readonly ip?: string
  /** Active only, in place of `ip`: a name, resolved at every dial. */
  readonly host?: string
  /** Active only. */
  readonly port?: number
  /** Passive only: how many connections at once; default 1. */
  readonly slots?: number
  /** Passive only: what happens when a connection comes and every slot is taken; default `challenge`. */
  readonly duplicate?: 'challenge' | 'reject' | 'replace'
  /** false: kept down until `enable`; default true. */
  readonly enabled?: boolean
  /** Passive only: names of which the peer must have proved one by TLS; needs `listen.tls`. */
  readonly identity?: string | readonly string[]
  /** Active only: dial by TLS; the transport's options for it. */
  readonly tls?: Readonly<Record<string, unknown>>
  /** Active only: the transport's own options for this dial. */
  readonly transportOptions?: Readonly<Record<string, unknown>>
}
