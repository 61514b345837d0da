import { expect } from 'vitest'
import type { Dial, DialTarget } from '@commloop/core'
import { TcpTransport } from '../src/index.js'
import type { Loopback } from './loopback.js'
import { Recorder } from './recorder.js'
import { turns, until } from './until.js'

/** A dial and its result. */
export interface Attempt {
  readonly dial: Dial
  readonly opened: Recorder[]
  readonly errors: (Error & { code?: string })[]
  /** The addresses of the name that the dial has tried. */
  readonly tried: string[]
}

export function attempt(
  loopback: Loopback,
  to: DialTarget,
  transport = new TcpTransport(),
): Attempt {
  const opened: Recorder[] = []
  const errors: Error[] = []
  const tried: string[] = []
  const under = transport.dial(to, {
    opened(connection) {
      const recorder = loopback.record(new Recorder(connection))
      opened.push(recorder)
      return recorder
    },
    failed(error) {
      errors.push(error)
    },
    trying(address) {
      tried.push(address)
    },
  })
  expect([opened.length, errors.length]).toEqual([0, 0])
  return { dial: under, opened, errors, tried }
}

/** `opened`, or the code of the error. */
export async function outcome(attempt: Attempt): Promise<string> {
  await until('end of the dial', () => attempt.opened.length + attempt.errors.length > 0)
  await turns(5)
  expect(attempt.opened.length + attempt.errors.length).toBe(1)
  const [error] = attempt.errors
  return error === undefined ? 'opened' : (error.code ?? error.message)
}
