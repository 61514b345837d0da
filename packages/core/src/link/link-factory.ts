import type { ConfigProblem } from '../config/config-problem.js'
import type { EntryConfig } from '../config/node-config.js'
import { sameChoice } from '../config/same-entry.js'
import type { FrameCodec } from '../contracts/frame-codec.js'
import type { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import { foreignText } from '../text/safe-text.js'
import { BatchBuffers } from './connection/batch-buffers.js'
import { DialLimiter } from './dial-limiter.js'
import { Link, type LinkServices } from './link.js'
import type { LinkSpec } from './link-spec.js'

/** What links use if their entry does not name it. */
export interface LinkDefaults {
  readonly codec: FrameCodec
  readonly strategy: ReconnectStrategy
}

/**
 * Makes the links of each entry. An ordinary class, because a link is made from data, and the container is only for parts
 * of which a node has one.
 */
export class LinkFactory {
  readonly #services: LinkServices

  constructor(dialsMax: number, services: Omit<LinkServices, 'permits' | 'buffers'>) {
    this.#services = {
      ...services,
      permits: new DialLimiter(services.clock, dialsMax),
      buffers: new BatchBuffers(),
    }
  }

  set dialsMax(dialsMax: number) {
    this.#services.permits.resize(dialsMax)
  }

  /** `lastEpoch`: the last epoch of a former link of this id; 0: there was none. */
  linkOf(id: string, setup: LinkSpec, lastEpoch: number): Link {
    return new Link(id, setup, this.#services, lastEpoch)
  }
}

/**
 * What an entry says of its links. `before`: what it has said until now. A codec or a strategy that is chosen as before
 * stays the same object.
 */
export function specOf(
  entry: EntryConfig,
  defaults: LinkDefaults,
  before: LinkSpec | undefined,
): LinkSpec {
  const { codec, reconnect } = entry.settings
  const had = before?.entry.settings
  const sameCodec = codec !== undefined && sameChoice(codec, had?.codec)
  const sameStrategy = reconnect !== undefined && sameChoice(reconnect, had?.reconnect)
  return {
    entry,
    codec: (sameCodec ? before?.codec : codec?.value) ?? defaults.codec,
    strategy: (sameStrategy ? before?.strategy : reconnect?.value) ?? defaults.strategy,
  }
}

/** A heartbeat of the entry that its codec cannot carry; undefined: there is none. */
export function heartbeatProblem({ entry, codec }: LinkSpec): ConfigProblem | undefined {
  const { heartbeat } = entry.settings
  const bytes = Math.max(heartbeat?.payload.byteLength ?? 0, heartbeat?.answer?.byteLength ?? 0)
  if (bytes <= codec.payloadBytesMax) return undefined
  const message = `a heartbeat of ${String(bytes)} bytes, and the codec takes ${String(codec.payloadBytesMax)}`
  return { path: ['links', entry.index], message }
}

/**
 * What is wrong with the sizes that a codec names; undefined: nothing. The node relies on them for as long as it runs, so
 * it checks them once, before it starts.
 */
export function codecProblem({ entry, codec }: LinkSpec): ConfigProblem | undefined {
  const wrong = Object.entries(sizesOf(codec)).find(([, size]) => !isSize(size))
  if (wrong === undefined) return undefined
  const [name, found] = wrong
  const message = `the codec's ${name} is ${foreignText(found)}; a whole number of bytes is expected`
  return { path: ['links', entry.index], message }
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

/** What a call returns or throws. What it throws is not a size, and is reported as the value. */
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
