import type { Contender } from '../traffic/contender.js'
import { commloop } from './commloop.js'
import { commloopWithEntries } from './commloop-with-entries.js'
import { commloopWithCodec } from './commloop-with-codec.js'
import { erlang } from './erlang.js'
import { frameStream } from './frame-stream.js'
import { lengthPrefixedStream } from './length-prefixed-stream.js'
import { commloopWithLinks, rawWithSockets } from './many-links.js'
import { nats } from './nats.js'
import { raw } from './raw.js'
import { commloopRelay, rawRelay } from './relays.js'
import { zeromq } from './zeromq.js'

/** In the order of the report. All others are compared with the first one. */
export const CONTENDERS: readonly Contender[] = [
  raw,
  commloop,
  erlang,
  zeromq,
  nats,
  frameStream,
  lengthPrefixedStream,
]

const FIXED = [...CONTENDERS, rawRelay, commloopRelay]
/** Contenders whose names contain one or two numbers. */
const FAMILIES: readonly {
  readonly pattern: RegExp
  readonly make: (count: number, all?: number) => Contender
}[] = [
  { pattern: /^commloop, (\d+) entries$/, make: commloopWithEntries },
  { pattern: /^commloop, (\d+)(?: of (\d+))? links$/, make: commloopWithLinks },
  { pattern: /^raw, (\d+)(?: of (\d+))? sockets$/, make: rawWithSockets },
]

/** Finds a contender by its name, which is how a process receives it. @throws Error if no contender has this name */
export function contenderNamed(name: string): Contender {
  const fixed = FIXED.find((each) => each.name === name)
  if (fixed !== undefined) return fixed
  for (const { pattern, make } of FAMILIES) {
    const counts = pattern.exec(name)
    if (counts === null) continue
    const [, count, all] = counts
    return make(Number(count), all === undefined ? undefined : Number(all))
  }
  const [, codec] = /^commloop, codec (.+)$/.exec(name) ?? []
  if (codec !== undefined) return commloopWithCodec(codec)
  throw new Error(`no contender "${name}"`)
}
