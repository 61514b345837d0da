import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import {
  durationMs,
  type LinkView,
  type Route,
  type RoutedMessage,
  type RouteTarget,
  type SendRouter,
} from '@commloop/core'
import { namedBy } from './router-table.js'

/** One call of a router: a message and the links. */
export interface Question {
  readonly payload: Uint8Array
  readonly links: readonly LinkView[]
  readonly from?: RoutedMessage['from']
  readonly deferrals?: number
}

/** The links that an answer names, and whether the router defers the message. */
export interface Answer {
  readonly named: readonly string[]
  readonly deferred: boolean
}

/**
 * Calls the router, waits for its answer, and reads it as core does.
 *
 * @throws AssertionError if the router throws, is late, or names an unknown link
 */
export async function ask(router: SendRouter, question: Question, msMax: number): Promise<Answer> {
  const route = await within(msMax, question, () =>
    router.route(messageOf(question), question.links),
  )
  return read(route, question)
}

export function messageOf({ payload, from, deferrals = 0 }: Question): RoutedMessage {
  const id = deferrals % 2 === 0 ? undefined : 'some id'
  return Object.freeze({ payload, id, from: from && Object.freeze(from), deferrals })
}

/** Makes the call itself, so that the error of a router that throws contains the question. */
async function within(
  msMax: number,
  question: Question,
  call: () => Route | PromiseLike<Route>,
): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${String(msMax)} ms`))
    }, msMax)
  })
  try {
    return await Promise.race([
      new Promise((resolve) => {
        resolve(call())
      }),
      late,
    ])
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    throw new assert.AssertionError({ message: `${textOf(question)}: ${text}` })
  } finally {
    clearTimeout(timer)
  }
}

function read(route: unknown, question: Question): Answer {
  if (isObject(route) && 'defer' in route) {
    const { defer } = route
    const isDuration = typeof defer === 'number' || typeof defer === 'string'
    const usable = isDuration && durationMs(defer) !== undefined
    assert.ok(usable, `${textOf(question)}: deferred by ${inspect(defer)}`)
    return { named: [], deferred: true }
  }
  if (isObject(route) && 'drop' in route) {
    const usable = typeof route.drop === 'string' && route.drop !== ''
    assert.ok(usable, `${textOf(question)}: dropped without a reason: ${inspect(route)}`)
    return { named: [], deferred: false }
  }
  const targets: readonly unknown[] = Array.isArray(route) ? route : [route]
  assert.ok(targets.length > 0, `${textOf(question)}: an empty list of links`)
  const named = targets.flatMap((target) => {
    assert.ok(isTarget(target), `${textOf(question)}: not a valid answer: ${inspect(route)}`)
    const ids = namedBy(target, question.links)
    assert.ok(typeof ids !== 'string', `${textOf(question)}: ${String(ids)}`)
    return ids
  })
  return { named, deferred: false }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function isTarget(target: unknown): target is RouteTarget {
  if (typeof target === 'string' || typeof target === 'number') return true
  return isObject(target) && 'link' in target && 'epoch' in target
}

/** The question as text, for the message of a failed check. */
function textOf({ payload, links, from, deferrals = 0 }: Question): string {
  const states = links.map(({ id, state }) => `${id} ${state}`)
  const shown = states.length > 8 ? [...states.slice(0, 8), '…'] : states
  const begin = Buffer.from(payload.subarray(0, 8)).toString('hex')
  const origin = from === undefined ? 'sent here' : `from ${from.link}`
  const message = `${String(payload.length)} bytes ${begin}, ${origin}, deferrals ${String(deferrals)}`
  return `asked about ${message}, links [${shown.join(', ')}]`
}
