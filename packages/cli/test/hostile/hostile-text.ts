import { expect } from 'vitest'

/** One of each kind of character that a terminal or a reader is misled by, and nothing that is a line of its own. */
export const HOSTILE =
  '\x1b]0;owned\x07\x9b31m\x9d0;x\x9c\x7f\x85\b\r\u00ad\u061c\u200b\u200e\u202e\u2028\u2029\u2066\ufeff\u3164\ufe0f\u{e0041}'

/** A line that the reader would take for one of commloop. */
export const FORGED = '\nforged: all links are up'

/** The value with a hostile text at the end of each of its texts, and at the end of the names of no key. */
export function poisoned(value: unknown, poison: string): unknown {
  if (typeof value === 'string') return value + poison
  if (Array.isArray(value)) return value.map((item: unknown) => poisoned(item, poison))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, poisoned(member, poison)]),
  )
}

/** Expects an output that does not contain any character that a terminal acts on, except line feeds and tabs. */
export function expectHarmless(what: string, output: string): void {
  const harmful = /[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu
  const found = [...output.matchAll(harmful)].map(({ index }) =>
    JSON.stringify(output.slice(Math.max(0, index - 40), index + 10)),
  )
  expect([what, found.slice(0, 3)]).toEqual([what, []])
}

/** Does the work for each item, for two at a time: more processes would only wait for each other. */
export async function inPairs<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      results[at] = await work(items[at] as Item)
    }
  }
  await Promise.all([worker(), worker()])
  return results
}
