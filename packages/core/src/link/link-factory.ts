import type { ConfigProblem } from '../config/config-problem.js'
import type { EntryConfig, NodeConfig } from '../config/node-config.js'
import { sameChoice } from '../config/same-entry.js'
import type { FrameCodec } from '../contracts/frame-codec.js'
import type { ReconnectStrategy } from '../contracts/reconnect-strategy.js'
import { foreignText } from '../text/safe-text.js'
import { BatchBuffers } from './connection/batch-buffers.js'
import { DialLimiter } from './dial-limiter.js'
import { Link, type LinkServices } from './link.js'
import type { LinkSpec } from './link-spec.js'
import { encodingProblem } from './trial-encoding.js'

/** What links use if their entry does not choose something else. */
export interface LinkDefaults {
  readonly codec: FrameCodec
  readonly strategy: ReconnectStrategy
}

/**
 * Makes the links of each entry. Not made by the container, which is only for parts that a node has once.
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

  linkOf(id: string, setup: LinkSpec): Link {
    return new Link(id, setup, this.#services)
  }
}

/**
 * The spec of an entry's links. `before`: their present spec. If the entry chooses the same codec or strategy as
 * before, the spec contains the same object.
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

/** The problem of a heartbeat that the entry's codec cannot carry; undefined: there is none. */
export function heartbeatProblem({
  entry,
  codec,
}: Pick<LinkSpec, 'entry' | 'codec'>): ConfigProblem | undefined {
  const { heartbeat } = entry.settings
  if (heartbeat === undefined) return undefined
  const path = ['links', entry.index]
  const { payload, answer } = heartbeat
  const bytes = Math.max(payload.byteLength, answer?.byteLength ?? 0)
  if (bytes > codec.payloadBytesMax) {
    const message = `a heartbeat of ${String(bytes)} bytes, and the codec takes ${String(codec.payloadBytesMax)}`
    return { path, message }
  }
  for (const [name, value] of Object.entries({ payload, answer })) {
    const reason = value === undefined ? undefined : encodingProblem(codec, value)
    if (reason === undefined) continue
    const message = `the codec cannot carry heartbeat.${name}, so set another one: ${reason}`
    return { path, message }
  }
  return undefined
}

/**
 * The problems of heartbeats that the codecs of their entries cannot carry. A node with such a heartbeat does not start.
 * @param codec of the entries that do not choose one
 */
export function heartbeatProblems(
  { entries }: Pick<NodeConfig, 'entries'>,
  codec: FrameCodec,
): ConfigProblem[] {
  return entries.flatMap((entry) => {
    return heartbeatProblem({ entry, codec: entry.settings.codec?.value ?? codec }) ?? []
  })
}

/**
 * The problem of the sizes that a codec gives; undefined: there is none. The node relies on these sizes while it runs,
 * so it checks them before it starts.
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

/** What a call returns or throws. A thrown value is not a size either, so it is reported in the same way. */
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
