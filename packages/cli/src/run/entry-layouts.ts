import { type LoadedConfig, payloadLayoutOf, type ResolvedPlugin } from '@commloop/config'
import type { MessageFields, MessageParts } from '@commloop/control'
import {
  CommloopError,
  type EntryConfig,
  type MessageStamp,
  messageText,
  type Node,
  type PayloadLayout,
  type RouteTarget,
  type SendOptions,
} from '@commloop/core'

/** An entry whose codec has fields. */
interface EntryLayout {
  readonly layout: PayloadLayout
  readonly stamp: MessageStamp
  /** Fields that only the codec writes. A message is shown without them, so that it can be sent again as it is shown. */
  readonly hidden: readonly string[]
}

/**
 * The headers of the messages of a node, by the codecs of its entries. Each entry has a stamp, which all its links share:
 * so each entry numbers its messages by itself. The numbers are in memory; they continue after a reload.
 */
export class EntryLayouts implements MessageFields {
  readonly #node: Node
  readonly #clock: () => number
  #config: LoadedConfig
  readonly #byEntry = new Map<string, EntryLayout>()
  /** The entries of the links whose codecs have fields. */
  readonly #byLink = new Map<string, EntryLayout>()
  /** The codecs that entries use instead of that of the node, by the position of the entry. */
  #ownCodecs: ReadonlyMap<number, ResolvedPlugin> = new Map()
  /** Entries by everything that names their links. Made for the first message with fields. */
  #named: ReadonlyMap<string, EntryConfig> | undefined

  /** @param clock milliseconds since 1970 */
  constructor(node: Node, config: LoadedConfig, clock: () => number = Date.now) {
    this.#node = node
    this.#clock = clock
    this.#config = config
    this.#read()
  }

  /** Called when the node uses another configuration. */
  reconfigured(config: LoadedConfig): void {
    this.#config = config
    this.#read()
  }

  /** Entries whose codecs do not have fields. */
  entriesWithout(): { readonly entry: string; readonly codec: string }[] {
    return this.#config.node.entries
      .filter(({ id }) => !this.#byEntry.has(id))
      .map(({ id, index }) => ({ entry: id, codec: this.#codecOf(index).name }))
  }

  write(
    to: SendOptions['to'],
    fields: Readonly<Record<string, unknown>>,
    body: Uint8Array,
  ): Uint8Array {
    const entry = this.#entryOf(to)
    const found = this.#byEntry.get(entry.id)
    if (found === undefined) {
      const codec = this.#codecOf(entry.index).name
      throw invalid(
        `fields: the codec ${codec} of "${entry.id}" does not have fields: send the whole payload without "fields"`,
      )
    }
    return found.layout.write(fields, body, found.stamp)
  }

  read(link: string, payload: Uint8Array): MessageParts | string | undefined {
    const found = this.#byLink.get(link)
    if (found === undefined) return undefined
    try {
      const { body, ...fields } = found.layout.read(payload)
      for (const name of found.hidden) Reflect.deleteProperty(fields, name)
      return { fields, body }
    } catch (error) {
      return messageText(error)
    }
  }

  #read(): void {
    const before = new Map(this.#byEntry)
    this.#byEntry.clear()
    this.#byLink.clear()
    this.#named = undefined
    this.#ownCodecs = new Map(
      this.#config.plugins.entries
        .filter(({ plugin }) => plugin.kind === 'codec')
        .map(({ entry, plugin }) => [entry, plugin]),
    )
    const layouts = new Map<ResolvedPlugin, PayloadLayout | undefined>()
    for (const { id, index, linkIds } of this.#config.node.entries) {
      const codec = this.#codecOf(index)
      if (!layouts.has(codec)) layouts.set(codec, payloadLayoutOf(codec))
      const layout = layouts.get(codec)
      if (layout === undefined) continue
      const hidden = layout.fields.filter(({ type }) => type === 'length').map(({ name }) => name)
      const stamp = layout.createStamp(this.#clock, before.get(id)?.stamp)
      const found = { layout, stamp, hidden }
      this.#byEntry.set(id, found)
      for (const link of linkIds) this.#byLink.set(link, found)
    }
  }

  #codecOf(index: number): ResolvedPlugin {
    return this.#ownCodecs.get(index) ?? this.#config.plugins.codec
  }

  /** The one entry to which a message goes. @throws CommloopError */
  #entryOf(to: SendOptions['to']): EntryConfig {
    const { entries } = this.#config.node
    const [only] = entries
    if (to === undefined) {
      if (only !== undefined && entries.length === 1) return only
      throw invalid(
        'fields: expected "to" as well, because each entry numbers its own messages before a router sees them',
      )
    }
    const targets = Array.isArray(to) ? (to as readonly RouteTarget[]) : [to as RouteTarget]
    const found = new Set(targets.map((target) => this.#entryAt(target)))
    const [entry] = found
    if (entry !== undefined && found.size === 1) return entry
    const ids = [...found].map(({ id }) => id).join(', ')
    throw invalid(
      `fields: expected links of one entry in "to", found ${ids}: send a message of its own to each, because each numbers its own`,
    )
  }

  #entryAt(target: RouteTarget): EntryConfig {
    const { entries } = this.#config.node
    const ref = typeof target === 'object' ? target.link : target
    this.#named ??= entriesByName(entries)
    const entry = typeof ref === 'number' ? entries[ref] : this.#named.get(ref)
    if (entry !== undefined) return entry
    // Names what is unknown, in the same words as every other message.
    const { entry: id } = this.#node.link(ref)
    throw new CommloopError('CML_ERR_LINK_UNKNOWN', `there is no entry "${id}"`)
  }
}

function entriesByName(entries: readonly EntryConfig[]): ReadonlyMap<string, EntryConfig> {
  return new Map(
    entries.flatMap((entry) => {
      const names = [entry.id, `${entry.id}/*`, ...entry.linkIds]
      return names.map((name) => [name, entry] as const)
    }),
  )
}

function invalid(text: string): CommloopError {
  return new CommloopError('CML_ERR_INPUT_INVALID', text)
}
