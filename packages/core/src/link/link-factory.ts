import type { EntryConfig } from '../config/node-config.js'
import type { FrameCodec } from '../contracts/frame-codec.js'
import type { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import { CommloopError } from '../errors.js'
import { BatchBuffers } from './batch-buffers.js'
import { DialPermits } from './dial-permits.js'
import { Link, type LinkServices } from './link.js'

/** What links share unless their entry says otherwise. */
export interface LinkDefaults {
  readonly codec: FrameCodec
  readonly strategy: ReconnectStrategy
  readonly dialsMax: number
}

/**
 * Makes the links of each entry. An ordinary class: a link is made from data, and the container is only for what a
 * node has one of.
 */
export class LinkFactory {
  readonly #defaults: LinkDefaults
  readonly #services: LinkServices

  constructor(defaults: LinkDefaults, services: Omit<LinkServices, 'permits' | 'buffers'>) {
    this.#defaults = defaults
    this.#services = {
      ...services,
      permits: new DialPermits(services.clock, defaults.dialsMax),
      buffers: new BatchBuffers(),
    }
  }

  /** @throws CommloopError CML_ERR_CONFIG_INVALID for a heartbeat that the codec cannot carry. */
  linksOf(entry: EntryConfig): Link[] {
    const { codec, reconnect, heartbeat } = entry.settings
    const linkCodec = codec?.value ?? this.#defaults.codec
    const heartbeatBytes = Math.max(
      heartbeat?.payload.byteLength ?? 0,
      heartbeat?.answer?.byteLength ?? 0,
    )
    if (heartbeatBytes > linkCodec.payloadBytesMax) {
      throw new CommloopError(
        'CML_ERR_CONFIG_INVALID',
        `${entry.id}: a heartbeat of ${String(heartbeatBytes)} bytes, and the codec takes ${String(linkCodec.payloadBytesMax)}`,
      )
    }
    const strategy = reconnect?.value ?? this.#defaults.strategy
    return entry.linkIds.map((id) => new Link(id, entry, linkCodec, strategy, this.#services))
  }
}
