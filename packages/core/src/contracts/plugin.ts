import type { FrameCodec } from './frame-codec.js'
import type { LinkOpening } from './link-opening.js'
import type { ReconnectStrategy } from './reconnect-strategy.js'
import type { SendRouter } from './send-router.js'
import type { Transport } from './transport.js'

/** Version of the contract between commloop and its plugins. It grows if existing plugins would no longer work. */
export const PLUGIN_API_VERSION = 1

/** What each kind of plugin creates. A new kind is one line here and one row in `PLUGIN_KINDS`. */
export interface PluginContracts {
  readonly transport: Transport
  readonly codec: FrameCodec
  readonly reconnect: ReconnectStrategy
  readonly opening: LinkOpening
  readonly router: SendRouter
}

/** The kinds of plugins. */
export type PluginKind = keyof PluginContracts

/** What commloop requires of a kind of plugin. */
export interface PluginKindContract<Value> {
  /** Members that a created value must have, with their `typeof`. Checked as soon as the value is created. */
  readonly members: Readonly<Partial<Record<keyof Value, 'function' | 'number' | 'object'>>>
  /** True if an entry of the table may use another plugin of this kind than the node. */
  readonly perEntry: boolean
  /** True if a module may export the value itself instead of a definition. Such a plugin does not take options. */
  readonly plain: boolean
}

export const PLUGIN_KINDS = {
  transport: { members: { dial: 'function', listen: 'function' }, perEntry: false, plain: false },
  codec: {
    members: {
      payloadBytesMax: 'number',
      frameBytesMax: 'function',
      encode: 'function',
      createDecoder: 'function',
    },
    perEntry: true,
    plain: false,
  },
  reconnect: { members: { delayMs: 'function' }, perEntry: true, plain: false },
  opening: { members: { begin: 'function' }, perEntry: true, plain: false },
  router: { members: { route: 'function' }, perEntry: false, plain: true },
} as const satisfies {
  readonly [Kind in PluginKind]: PluginKindContract<PluginContracts[Kind]>
}

/** Kinds of plugin that an entry may choose for itself. */
export type EntryPluginKind = {
  [Kind in PluginKind]: (typeof PLUGIN_KINDS)[Kind]['perEntry'] extends true ? Kind : never
}[PluginKind]

/** Options of a plugin, as the configuration file has them: every key except `use`. */
export type PluginOptions = Readonly<Record<string, unknown>>

/**
 * A plugin, as a module exports it by default: `{ use: ./mine.mjs, ...options }` in a configuration leads to
 * `create(options)`.
 *
 * The members after `create` are optional. They give a plugin the services that the built-in plugins have in `commloop
 * check`, `check --with`, `mirror` and `doctor`. None of them may open a socket, write a file or start a timer. If one
 * of them throws, the command reports the plugin as faulty (CML_ERR_PLUGIN_INVALID).
 */
export interface PluginDefinition<Kind extends PluginKind = PluginKind> {
  readonly kind: Kind
  /** Short name for logs and messages, such as `tcp`. */
  readonly name: string
  /** The `PLUGIN_API_VERSION` for which the plugin was written. */
  readonly apiVersion: number

  /**
   * Creates the value. Called once for each distinct set of options, at start, at reload and by `commloop check`, so it
   * must not open anything.
   *
   * @throws CommloopError CML_ERR_CONFIG_INVALID for an option that is unknown or invalid: see `optionError`, which names
   *   the option for people and for the mark in the file.
   */
  create(options: PluginOptions): PluginContracts[Kind]

  /**
   * Checks what `create` cannot see: files that the options name, values elsewhere in the configuration that belong to
   * this plugin, and options that are allowed but unsafe. Called after `create` has accepted the options, at start, at
   * reload and by `commloop check`. It may read files. A problem prevents the start; a warning does not.
   */
  check?(options: PluginOptions, use: PluginUse): PluginCheck

  /**
   * Compares the options of the two sides of a link, for `commloop check --with`. Called only if both sides use this
   * plugin. The dialer's side comes first. Empty: the two sides match.
   *
   * @throws CommloopError CML_ERR_CONFIG_INVALID if the options of one side are invalid: the other side's options come
   *   from a file that nothing has checked yet.
   */
  compare?(dialer: PluginSide, acceptor: PluginSide): readonly PluginMismatch[]

  /**
   * Transports and openings: what the peer of this side must set, for `commloop mirror`. Default: nothing. The options of
   * an opening include `use`.
   */
  counterpart?(mine: PluginSide): PluginCounterpart

  /**
   * The most file descriptors that the plugin may have open at the same time, such as those of unfinished handshakes.
   * The connections of links do not count. Default 0.
   */
  descriptors?(options: PluginOptions): number
}

/** Where a configuration uses a plugin. Every path is one of keys and indices: `['links', 3, 'codec']`. */
export interface PluginUse {
  /** Path of the plugin in the configuration. If several entries share the plugin, the path of the first one. */
  readonly path: PluginPath
  /** The whole configuration. Other parts of it may have problems, which commloop reports separately. */
  readonly node: {
    /** The first listener. */
    readonly listen?: PluginOptions
    /** All listeners, each with its path. */
    readonly listeners?: readonly { readonly path: PluginPath; readonly options: PluginOptions }[]
    readonly links: readonly PluginEntry[]
  }
}

/** A place in a configuration: keys, and positions in lists. */
export type PluginPath = readonly (string | number)[]

/** An entry of the table, with the keys whose meaning belongs to plugins. */
export interface PluginEntry {
  readonly id?: string
  readonly role: 'active' | 'passive'
  /** The peer's addresses; a passive entry may have ranges. */
  readonly ip?: string | readonly string[]
  /** The peer's names, instead of `ip`. */
  readonly host?: string | readonly string[]
  readonly port?: number
  /** false: the links of the entry stay down. */
  readonly enabled?: boolean
  readonly identity?: string | readonly string[]
  /** The name or the port of the only listener that may fill the entry. */
  readonly listen?: string | number
  readonly tls?: PluginOptions
  readonly transportOptions?: PluginOptions
}

/** The result of `PluginDefinition.check`. */
export interface PluginCheck {
  readonly problems: readonly PluginProblem[]
  readonly warnings: readonly PluginProblem[]
}

/** One remark about a configuration. */
export interface PluginProblem {
  /** Path in the configuration: begin with `use.path`, or with the keys of `use.node`. */
  readonly path: PluginPath
  /** What was expected and what was found. */
  readonly message: string
  /** true: the key is the mistake, and not its value, so the mark in the file is below the key. */
  readonly isKey?: boolean
}

/** One side of a link, as its table describes it. */
export interface PluginSide {
  /** Name of the side's node, for messages. */
  readonly node: string
  readonly role: 'active' | 'passive'
  /** Options of the plugin at this side. */
  readonly options: PluginOptions
  /** Options that the side gives to its transport for this link: those of the entry if it dials, else of `listen`. */
  readonly transportOptions: PluginOptions
  /** Names of which this side requires its peer to prove one; undefined: the peer's address is enough. */
  readonly identities: readonly string[] | undefined
  /** Payloads that this side sends unasked: its heartbeat, and its answer to heartbeats. */
  readonly heartbeats: readonly Uint8Array[]
}

/** One reason why the two sides of a link do not match. */
export interface PluginMismatch {
  /**
   * Short name in lower case, such as `codec-differs`. `docs/doctor.md` lists the names that commloop itself uses; a
   * plugin may add its own.
   */
  readonly finding: string
  /** A sentence that names both nodes. */
  readonly message: string
}

/** What a peer must set so that its side matches ours. */
export interface PluginCounterpart {
  /** Keys for the peer's entry if it dials, or for its `listen` section if it accepts. */
  readonly options: PluginOptions
  /** Comments for the operator, one line each: what must be filled in, and why. */
  readonly notes: readonly string[]
}
