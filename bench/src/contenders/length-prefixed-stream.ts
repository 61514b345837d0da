import { decode, encode } from 'length-prefixed-stream'
import { streamContender } from './stream-contender.js'

export const lengthPrefixedStream = streamContender(
  'length-prefixed-stream',
  'length-prefixed-stream 2.0.0, lengths of variable size',
  { encode, decode },
)
