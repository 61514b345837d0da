import { type Document, isAlias, isScalar, type Node as YamlNode, visit } from 'yaml'
import { isSecretKey } from './secret-keys.js'

const MASK = '*'
/** Shorter texts are found in words that have nothing to do with the secret. */
const SHOWN_LENGTH_MIN = 4
/** How much of a value `describeValue` shows. */
const DESCRIBED_LENGTH = 56
/** A key and the rest of its line, if the text has no structure. */
const LINE_KEY = /["']?([\w.-]+)["']?\s*:\s*(?=\S)/g
/** Part of a key in PEM or Base64. */
const LONG_WORD = /[A-Za-z0-9+/=]{32,}/g

/** Hides the secrets of a configuration in the lines and messages that people and logs get. */
export class SecretMask {
  /** Sorted, without overlaps. */
  readonly #ranges: readonly (readonly [number, number])[]
  readonly #texts = new Set<string>()
  readonly #isBroken: boolean
  /** The lengths of the texts, longest first, by their first characters. */
  readonly #lengths = new Map<string, number[]>()

  /** @param isBroken the text could not be parsed as a whole, so the document does not tell where every value is */
  constructor(document: Document, text: string, isBroken: boolean) {
    this.#isBroken = isBroken
    const ranges: [number, number][] = []
    visit(document, {
      Pair: (_key, pair) => {
        const name = isScalar(pair.key) ? String(pair.key.value) : ''
        if (!isSecretKey(name)) return
        const value = pair.value as YamlNode | null
        this.#hide(value, document, ranges)
        // A tag or an anchor stands between the key and the range of the value.
        const keyEnd = (pair.key as YamlNode).range?.[1]
        const valueEnd = value?.range?.[1]
        if (keyEnd === undefined || valueEnd === undefined) return
        const colon = text.indexOf(':', keyEnd)
        if (colon !== -1 && colon < valueEnd) ranges.push([colon + 1, valueEnd])
      },
    })
    this.#ranges = joined(ranges)
    for (const text of this.#texts) this.#index(text)
  }

  #hide(node: YamlNode | null, document: Document, ranges: [number, number][]): void {
    if (node === null) return
    const range = node.range
    if (range) ranges.push([range[0], range[1]])
    if (isAlias(node)) {
      this.#add(node.source)
      const target = node.resolve(document)
      if (isScalar(target)) this.#hide(target, document, ranges)
      return
    }
    visit(node, {
      Scalar: (_key, scalar) => {
        const { value } = scalar
        if (typeof value === 'string' || typeof value === 'number') this.#add(String(value))
        if (scalar.source !== undefined && value !== null) this.#add(scalar.source)
      },
    })
  }

  #add(text: string): void {
    const escaped = JSON.stringify(text).slice(1, -1)
    for (const shown of [text, escaped, escaped.slice(0, DESCRIBED_LENGTH)]) {
      if (shown.length >= SHOWN_LENGTH_MIN) this.#texts.add(shown)
    }
  }

  /** The line that begins at this offset of the text, with the same number of characters. */
  line(line: string, offset: number): string {
    let masked = line
    for (const [from, to] of this.#rangesIn(offset, offset + line.length)) {
      const start = Math.max(0, from - offset)
      const end = Math.min(line.length, to - offset)
      masked = masked.slice(0, start) + MASK.repeat(end - start) + masked.slice(end)
    }
    return this.#isBroken ? maskedWords(masked) : masked
  }

  *#rangesIn(from: number, to: number): Generator<readonly [number, number]> {
    let low = 0
    let high = this.#ranges.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#ranges[middle]?.[1] ?? 0) > from) high = middle
      else low = middle + 1
    }
    for (let at = low; at < this.#ranges.length; at++) {
      const range = this.#ranges[at]
      if (range === undefined || range[0] >= to) return
      yield range
    }
  }

  #index(text: string): void {
    const start = text.slice(0, SHOWN_LENGTH_MIN)
    const lengths = this.#lengths.get(start) ?? []
    if (!lengths.includes(text.length)) lengths.push(text.length)
    lengths.sort((left, right) => right - left)
    this.#lengths.set(start, lengths)
  }

  message(message: string): string {
    if (this.#texts.size === 0) return message
    let masked = ''
    for (let at = 0; at < message.length;) {
      const lengths = this.#lengths.get(message.slice(at, at + SHOWN_LENGTH_MIN)) ?? []
      const length = lengths.find((count) => this.#texts.has(message.slice(at, at + count)))
      masked += length === undefined ? (message[at] ?? '') : MASK.repeat(3)
      at += length ?? 1
    }
    return masked
  }
}

function joined(ranges: readonly (readonly [number, number])[]): [number, number][] {
  const result: [number, number][] = []
  for (const [from, to] of ranges.toSorted(([left], [right]) => left - right)) {
    const last = result.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else result.push([from, to])
  }
  return result
}

function maskedWords(line: string): string {
  for (const match of line.matchAll(LINE_KEY)) {
    if (!isSecretKey(match[1] ?? '')) continue
    const end = match.index + match[0].length
    return line.slice(0, end) + MASK.repeat(line.length - end)
  }
  return line.replace(LONG_WORD, (word) => MASK.repeat(word.length))
}
