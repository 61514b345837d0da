import type { FrameCodec } from '../contracts/frame-codec.js'
import type { LinkOpening } from '../contracts/link-opening.js'
import type { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import type { Duration } from '../units/duration.js'
import type { Size } from '../units/size.js'

/**
 * The options of a node, in code or in `.commlooprc`. Both have the same keys, except that a file names plugins and
 * code passes them to `createNode`. Defaults, limits and reasons: `docs/configuration.md`.
 */
export interface NodeOptions extends LinkOptions {
  /** The node's name in logs and events; default `commloop`. */
  readonly node?: string
  /** Where to accept connections: one listener, or a list. Required if an entry is passive. */
  readonly listen?: ListenPlace | readonly ListenPlace[]
  readonly links: readonly EntryOptions[]
  /** Addresses and ranges of health probes: their connections are accepted and closed without a log line. */
  readonly probes?: readonly string[]
  /** Received messages also go to the router, with `from`. Default false. */
  readonly relay?: boolean
  readonly audit?: { readonly every?: Duration; readonly grace?: Duration }
  /** Bounds of the routing stage. */
  readonly routing?: QueueLimits
  /** How long a router may take to settle its promise; default 1 s. */
  readonly routerTimeout?: Duration
  /** How long a message without a `ttl` may be deferred in total; default 60 s. */
  readonly deferMax?: Duration
  /** Bounds of each `messages()` iterator; default 1 024 messages, 1 MiB. */
  readonly iterator?: QueueLimits
  /** Most concurrent dials; default 64. */
  readonly dials?: number
  /** How often to look up the names of passive entries; default 1 min. 0: only if an unknown address connects. */
  readonly resolveEvery?: Duration
  /** How long `stop` flushes queues before it closes connections; default 5 s. */
  readonly stopDeadline?: Duration
}

/** Keys of `listen` that belong to core. All others are options of the transport. */
export const LISTEN_KEYS: readonly string[] = ['name', 'host', 'port']

/** Where to listen, and the options of the transport for the listener. */
export interface ListenPlace {
  /** By which entries, events and metrics name the listener. Default: the port. */
  readonly name?: string
  /** Default `0.0.0.0`. */
  readonly host?: string
  /** 0: the system chooses a free port. */
  readonly port: number
  readonly [transportOption: string]: unknown
}

/** The bounds of a queue. An absent bound has the default of the option. */
export interface QueueLimits {
  readonly messages?: number
  readonly bytes?: Size
}

/** A plugin, with the canonical JSON of its specification. A reload compares plugins by that text. */
export interface PluginChoice<T> {
  readonly spec: string
  readonly value: T
}

/** A payload that a link never sends by itself. It answers each received one with the same payload. */
export interface EchoOptions {
  readonly echo: Uint8Array | string
}

/** A payload that a link sends if it has sent nothing else for a while. */
export interface HeartbeatOptions {
  /** How long after the last write. */
  readonly every: Duration
  /** Default empty. */
  readonly payload?: Uint8Array | string
  /** Sent when a heartbeat is received; never answered itself. Must differ from `payload`. Default: no answer. */
  readonly answer?: Uint8Array | string
}

/** How a link dials a peer that has several addresses. */
export interface AddressesOptions {
  /**
   * An address without a proof of life always leads to the next one. `rotate`, the default: after a proof of life the
   * link stays with the address. `prefer-first`: its next dial begins with the first address again.
   */
  readonly order?: 'rotate' | 'prefer-first'
  /**
   * With `prefer-first`: how long after its proof of life a connection to another address is closed, to dial the first
   * one; or `off`, the default: the connection stays as long as it lives.
   */
  readonly failBackAfter?: Duration
}

/** Options of links: at the top for all entries, or in an entry for its own links. */
export interface LinkOptions {
  /** Source address of dials, with or without a port (`10.0.0.1:5000`, `[fd00::1]:5000`); by default the system chooses. */
  readonly bind?: string
  /** How a dial chooses among several addresses of its peer. */
  readonly addresses?: AddressesOptions
  /** Codec of this entry; default: the codec of the node. */
  readonly codec?: PluginChoice<FrameCodec>
  /** Reconnect strategy of this entry; default: the strategy of the node. */
  readonly reconnect?: PluginChoice<ReconnectStrategy>
  /** What is said on a new connection before messages may pass; default `none`. */
  readonly opening?: PluginChoice<LinkOpening> | 'none'
  /** With an opening: a connection that is not open after this time ends; default 10 s, 0: no limit. */
  readonly openTimeout?: Duration
  /** Default 16 MiB and 100 000 messages. A bare size bounds the bytes. */
  readonly outbox?: Size | QueueLimits
  readonly highWaterMark?: Size
  readonly overflow?: 'reject' | 'drop-oldest'
  readonly onLoss?: 'resend' | 'drop'
  /** How long a message may wait after `send`, unless `send` specifies it; or `none`, the default. */
  readonly ttl?: Duration
  readonly heartbeat?: HeartbeatOptions | EchoOptions | 'off'
  /**
   * Closes a connection on which nothing was received for this long; or `off`. Default 3 × `heartbeat.every`, or `off`
   * without a heartbeat.
   */
  readonly silence?: Duration
  readonly stall?: Duration
  /** Ends a connection whose peer's system acknowledges nothing for this long; default 30 s, 0: off. */
  readonly unacknowledgedMax?: Duration
  readonly partialFrame?: Duration
  /** After the peer's FIN: `close` immediately, `serve` for another 2 s, or for this long. */
  readonly halfClose?: Duration
  readonly heldFor?: Duration
  readonly linger?: Duration
  readonly connectTimeout?: Duration
  /**
   * What an open connection must do before the link is up and writes its queue; default `opening` if there is an opening,
   * else `connected`.
   */
  readonly ready?: 'connected' | 'frame' | 'stable' | 'opening'
  /** With `ready: frame`: a connection whose peer sends no frame for this long ends; default 30 s, 0: no limit. */
  readonly readyTimeout?: Duration
  readonly probation?: Duration
  readonly stableAfter?: Duration
  readonly rearmAfter?: Duration
  readonly holdDown?: Duration
}

/** One entry of the table. */
export interface EntryOptions extends LinkOptions {
  readonly id?: string
  readonly role: 'active' | 'passive'
  /**
   * Active: the address to dial. Passive: an address, a CIDR range, or `0.0.0.0` or `::` for any address. A list: all
   * addresses of the peer.
   */
  readonly ip?: string | readonly string[]
  /** Instead of `ip`: a name, or a list of names. Active: resolved at every dial. Passive: at every `resolveEvery`. */
  readonly host?: string | readonly string[]
  /** Active only. */
  readonly port?: number
  /** Passive only: most concurrent connections; default 1. */
  readonly slots?: number
  /** Passive only: the name or the port of the only listener that may fill the entry; default: every listener. */
  readonly listen?: string | number
  /** Passive only: what happens to a new connection while every slot is taken; default `challenge`. */
  readonly duplicate?: 'challenge' | 'reject' | 'replace'
  /** false: the links stay down until `enable`; default true. */
  readonly enabled?: boolean
  /** Passive only: the peer must prove one of these names by TLS; requires `listen.tls`. */
  readonly identity?: string | readonly string[]
  /** Active only: dial by TLS, with these options of the transport. */
  readonly tls?: Readonly<Record<string, unknown>>
  /** Active only: the transport's own options for this dial. */
  readonly transportOptions?: Readonly<Record<string, unknown>>
}
