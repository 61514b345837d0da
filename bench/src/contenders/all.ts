import type { Contender } from '../traffic/contender.js'
import { commloop } from './commloop.js'
import { erlang } from './erlang.js'
import { frameStream } from './frame-stream.js'
import { lengthPrefixedStream } from './length-prefixed-stream.js'
import { nats } from './nats.js'
import { raw } from './raw.js'
import { zeromq } from './zeromq.js'

/** In the order of the report. The first is what all others are compared with. */
export const CONTENDERS: readonly Contender[] = [
  raw,
  commloop,
  erlang,
  zeromq,
  nats,
  frameStream,
  lengthPrefixedStream,
]

/** @throws Error for a name that nobody has. */
export function contenderNamed(name: string): Contender {
  const contender = CONTENDERS.find((each) => each.name === name)
  if (contender === undefined) throw new Error(`no contender "${name}"`)
  return contender
}
