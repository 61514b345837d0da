import type { FrameCodec } from '../contracts/frame-codec.js'
import type { OutboxLimits } from '../contracts/outbox.js'
import type { LinkOpening } from '../contracts/link-opening.js'
import type { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import type { InjectionToken } from '../di.js'
import type { AddressPattern } from '../address/address-pattern.js'
import type { PluginChoice } from './node-options.js'

/** Valid `NodeOptions` with all defaults filled in and all units resolved. Made by `resolveConfig`; never changed. */
export interface NodeConfig {
  readonly name: string
  /** The first listener. */
  readonly listen: ListenConfig | undefined
  readonly listeners: readonly ListenConfig[]
  readonly entries: readonly EntryConfig[]
  /** Addresses whose connections are answered as health probes, unless an entry names them as exactly. */
  readonly probes: readonly AddressPattern[]
  readonly relay: boolean
  readonly auditEveryMs: number
  readonly auditGraceMs: number
  readonly routingMessagesMax: number
  readonly routingBytesMax: number
  readonly routerTimeoutMs: number
  readonly deferMsMax: number
  readonly iteratorMessagesMax: number
  readonly iteratorBytesMax: number
  readonly dialsMax: number
  readonly stopDeadlineMs: number
  readonly resolveEveryMs: number
}

/** The key of the configuration in the container of a node. */
export const NodeConfig: InjectionToken<NodeConfig> = Symbol.for('commloop.NodeConfig')

/** Where the node listens. */
export interface ListenConfig {
  /** Unique. */
  readonly name: string
  readonly host: string
  readonly port: number
  readonly transportOptions: Readonly<Record<string, unknown>>
}

interface EntryCommon {
  readonly id: string
  /** If the table gives no id: the text from which it was derived. Entries that share it are told apart by order. */
  readonly derivedFrom: string | undefined
  /** Position in the table, from 0. */
  readonly index: number
  readonly enabled: boolean
  /** The ids of its links, in order: the entry's own id, or `<id>/1` … if it has several slots. */
  readonly linkIds: readonly string[]
  readonly settings: LinkSettings
}

/** An entry whose link dials. */
export interface ActiveEntryConfig extends EntryCommon {
  readonly role: 'active'
  /** The first of `hosts`. */
  readonly host: string
  /** IP addresses or host names of the one peer, in the order of the table. */
  readonly hosts: readonly string[]
  readonly port: number
  readonly bind: string | undefined
  /** The source port of dials; undefined: the system chooses one for each dial. */
  readonly bindPort: number | undefined
  readonly transportOptions: Readonly<Record<string, unknown>>
}

/** An entry whose links wait for a peer that dials. */
export interface PassiveEntryConfig extends EntryCommon {
  readonly role: 'passive'
  /** The first of `patterns`. */
  readonly pattern: AddressPattern
  /** A peer matches the entry if its address matches one of these. */
  readonly patterns: readonly AddressPattern[]
  /** The name of the only listener that may fill the entry; undefined: every listener. */
  readonly listener: string | undefined
  /** The peer must have proved one of these names; undefined: its address is enough. */
  readonly identities: readonly string[] | undefined
  readonly duplicate: 'challenge' | 'reject' | 'replace'
}

export type EntryConfig = ActiveEntryConfig | PassiveEntryConfig

/**
 * The settings of a link. Durations are in milliseconds and sizes in bytes; 0 disables a timeout. Links may share one
 * object.
 */
export interface LinkSettings {
  /** True: the link stands for one peer and keeps its queue across connections. */
  readonly lasting: boolean
  readonly codec: PluginChoice<FrameCodec> | undefined
  readonly reconnect: PluginChoice<ReconnectStrategy> | undefined
  readonly opening: PluginChoice<LinkOpening> | undefined
  readonly openTimeoutMs: number
  readonly outbox: OutboxLimits
  readonly highWaterMarkBytes: number
  readonly onLoss: 'resend' | 'drop'
  /** Infinity: messages do not expire. */
  readonly ttlMs: number
  readonly heartbeat: HeartbeatSettings | undefined
  readonly silenceMs: number
  readonly stallMs: number
  readonly unacknowledgedMs: number
  readonly partialFrameMs: number
  /** How long what was received whole waits for holders after the end of its connection. */
  readonly heldForMs: number
  /** After the peer's FIN: close immediately, or continue to send for `halfCloseMs`. */
  readonly halfClose: 'close' | 'serve'
  readonly halfCloseMs: number
  readonly lingerMs: number
  readonly connectTimeoutMs: number
  /** What an open connection must do before the link is up and writes its queue. */
  readonly ready: ReadyMode
  readonly readyTimeoutMs: number
  readonly probationMs: number
  readonly stableAfterMs: number
  readonly rearmAfterMs: number
  readonly holdDownMs: number
  readonly addressOrder: 'rotate' | 'prefer-first'
  /** 0: a connection to another address than the first stays until it ends. */
  readonly failBackMs: number
}

/**
 * `connected`: the link is up as soon as its connection is open. `frame`: when the peer has sent a whole frame.
 * `stable`: when the connection has been open for `stableAfter`, or the peer has sent a whole frame. `opening`: when the
 * opening says so; always, and only, if the link has one.
 */
export type ReadyMode = 'connected' | 'frame' | 'stable' | 'opening'

export interface HeartbeatSettings {
  /** 0: never sent by the node itself. */
  readonly everyMs: number
  readonly payload: Uint8Array
  readonly answer: Uint8Array | undefined
  /** A received payload is answered with itself. Then there is no other answer, and `everyMs` is 0. */
  readonly echo: boolean
}
