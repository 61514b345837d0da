/* Types of two packages that do not contain types. */

declare module 'frame-stream' {
  import type { Duplex } from 'node:stream'
  interface Options {
    readonly lengthSize?: number
    readonly getLength?: (buffer: Buffer) => number
    readonly setLength?: (buffer: Buffer, length: number) => void
  }
  export function encode(options?: Options): Duplex
  export function decode(options?: Options): Duplex
}

declare module 'length-prefixed-stream' {
  import type { Duplex } from 'node:stream'
  export function encode(): Duplex
  export function decode(): Duplex
}
