import type { EncodingProblem } from './encoding-problem.js'

/*
 * Short Chinese texts in GBK can be valid UTF-8: the bytes C2 AF D2 BB are the GBK text "炉一", and the UTF-8 text "¯һ". The
 * guess needs two signs together, so that no text of one language is suspected.
 */

const NOT_ASCII = /[^\0-\x7f]+/gu
/** Characters whose two bytes in UTF-8 are also one of the 3755 most common characters in GBK. */
const COMMON_IN_GBK = /^[\xa1-\xbf\xe1-\xff\u{120}-\u{5ff}]+$/u
const LETTERS = [/\p{Script=Latin}/u, /\p{Script=Greek}/u, /\p{Script=Cyrillic}/u] as const
const SYMBOL = /[\p{S}\p{N}]/u

/**
 * Suspects text that is valid as UTF-8 if all of it is also common Chinese in GBK, and if one word of it mixes scripts.
 * undefined: nothing to suspect.
 */
export function gbkProblem(text: string): EncodingProblem | undefined {
  const runs = [...text.matchAll(NOT_ASCII)]
  if (!runs.every(([run]) => COMMON_IN_GBK.test(run))) return undefined
  for (const run of runs) {
    const [word] = run
    if (!mixesScripts(word)) continue
    const meant = asGbk(word)
    if (meant === undefined || !/^\p{Script=Han}+$/u.test(meant)) return undefined
    return {
      offset: run.index,
      message:
        `the file seems to be in GBK: this would be ${JSON.stringify(word)} as UTF-8, and ` +
        `${JSON.stringify(meant)} as GBK. Save the file as UTF-8, with a byte order mark if it already is`,
    }
  }
  return undefined
}

function mixesScripts(word: string): boolean {
  return [...LETTERS, SYMBOL].filter((kind) => kind.test(word)).length > 1
}

/** undefined: not GBK, or this Node was built without its table. */
function asGbk(word: string): string | undefined {
  try {
    return new TextDecoder('gbk', { fatal: true }).decode(Buffer.from(word))
  } catch {
    return undefined
  }
}
