import type { EntryConfig } from '../config/node-config.js'
import type { FrameCodec } from '../contracts/frame-codec.js'
import type { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import { CommloopError } from '../errors.js'
import { foreignText } from '../report/foreign-text.js'
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
      permits: new DialPermits(defaults.dialsMax),
      buffers: new BatchBuffers(),
    }
  }

  /**
   * @throws CommloopError CML_ERR_CONFIG_INVALID for a heartbeat that the codec cannot carry, CML_ERR_PLUGIN_INVALID
   * for a codec whose sizes cannot be.
   */
  linksOf(entry: EntryConfig): Link[] {
    const { codec, reconnect, heartbeat } = entry.settings
    const linkCodec = codec?.value ?? this.#defaults.codec
    checkCodec(entry.id, linkCodec)
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

/** Sizes are believed for as long as the node runs, so they are looked at once before. */
function checkCodec(entry: string, codec: FrameCodec): void {
  const sizes = sizesOf(codec)
  const wrong = Object.entries(sizes).find(([, size]) => !isSize(size))
  if (wrong === undefined) return
  const [name, found] = wrong
  const text = `${entry}: the codec's ${name} is ${foreignText(found)}; a whole number of bytes is expected`
  throw new CommloopError('CML_ERR_PLUGIN_INVALID', text)
}

function sizesOf(codec: FrameCodec): Readonly<Record<string, unknown>> {
  const { payloadBytesMax, header } = codec
  return {
    payloadBytesMax,
    'frameBytesMax(0)': answerOf(() => codec.frameBytesMax(0)),
    'frameBytesMax(payloadBytesMax)': answerOf(() => codec.frameBytesMax(payloadBytesMax)),
    ...(header === undefined ? {} : { 'header.bytes': header.bytes }),
  }
}

/** What a call answers, or else what it throws: neither is a size. */
function answerOf(call: () => number): unknown {
  try {
    return call()
  } catch (error) {
    return error
  }
}

function isSize(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
