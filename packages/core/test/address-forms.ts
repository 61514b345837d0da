/** Chance that repeats: xorshift on a seed made of a text. Core's tests import no other package. */
export class SeededRandom {
  #state = 2_463_534_242

  constructor(seed: string) {
    for (const character of seed) this.#state = (this.#state * 31 + character.charCodeAt(0)) | 0
    if (this.#state === 0) this.#state = 1
  }

  /** 0 <= x < limit, whole. */
  int(limit: number): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % limit
  }
}

export function hex(bytes: readonly number[]): string {
  return Buffer.from(bytes).toString('hex')
}

/** Four bytes, or sixteen bytes of a kind whose text has a special form: mapped, with zeros, or arbitrary. */
export function randomAddress(random: SeededRandom): number[] {
  const bytes = (count: number): number[] => Array.from({ length: count }, () => random.int(256))
  switch (random.int(4)) {
    case 0:
      return bytes(4)
    case 1:
      return [...new Array<number>(10).fill(0), 255, 255, ...bytes(4)]
    case 2:
      return bytes(16)
    default:
      return Array.from({ length: 8 }, () => (random.int(2) === 0 ? [0, 0] : bytes(2))).flat()
  }
}

export function unmapped(bytes: readonly number[]): readonly number[] {
  const prefix = '00000000000000000000ffff'
  return bytes.length === 16 && hex(bytes).startsWith(prefix) ? bytes.slice(12) : bytes
}

/** One of the many texts for an address. */
export function spelled(bytes: readonly number[], random: SeededRandom): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, at) => group(bytes, at, random))
  if (random.int(3) === 0) groups.splice(6, 2, bytes.slice(12).join('.'))
  const text = shortened(groups, random)
  return random.int(8) === 0 ? `${text}%eth${String(random.int(10))}` : text
}

function group(bytes: readonly number[], at: number, random: SeededRandom): string {
  const value = (bytes[2 * at] ?? 0) * 256 + (bytes[2 * at + 1] ?? 0)
  const text = value.toString(16).padStart(random.int(2) === 0 ? 4 : 1, '0')
  return random.int(2) === 0 ? text : text.toUpperCase()
}

/** With `::` for one of the runs of zeros, where there is one, or without. */
function shortened(groups: readonly string[], random: SeededRandom): string {
  const from = random.int(groups.length)
  let to = from
  while (to < groups.length && /^0+$/.test(groups[to] ?? '')) to++
  if (to === from) return groups.join(':')
  return `${groups.slice(0, from).join(':')}::${groups.slice(to).join(':')}`
}

const STRAY = [':', '::', '.', '0', '00', 'g', 'ffff', '%', ' ', '-', '256', '/', '+', '\0', '٣']

/** The same with something taken away or put in between. */
export function damaged(text: string, random: SeededRandom): string {
  const at = random.int(text.length + 1)
  const taken = random.int(2)
  const put = random.int(3) === 0 ? '' : (STRAY[random.int(STRAY.length)] ?? '')
  return text.slice(0, at) + put + text.slice(at + taken)
}

/**
 * What an address means, made as plainly as can be: spelled out to eight groups first, each of which is then read. It
 * shares no thought with the parser under test.
 */
export function naive(text: string): readonly number[] | undefined {
  const address = text.replace(/%[^]+$/, (zone) => (text.includes(':') ? '' : zone))
  if (!address.includes(':')) return naiveIpv4(address)
  const dotted = /^(.*:)([0-9.]+)$/.exec(address)
  const tail = dotted?.[2]?.includes('.') === true ? naiveIpv4(dotted[2]) : undefined
  if (address.includes('.') && tail === undefined) return undefined
  const full =
    tail === undefined ? address : `${dotted?.[1] ?? ''}${hexPair(tail, 0)}:${hexPair(tail, 2)}`
  const spelledOut = fullGroups(full)
  if (spelledOut?.length !== 8) return undefined
  if (!spelledOut.every((each) => /^[0-9a-f]{1,4}$/i.test(each))) return undefined
  const bytes = [...Buffer.from(spelledOut.map((each) => each.padStart(4, '0')).join(''), 'hex')]
  return unmapped(bytes)
}

function hexPair(bytes: readonly number[], at: number): string {
  return hex(bytes.slice(at, at + 2))
}

function naiveIpv4(text: string): readonly number[] | undefined {
  const octet = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])'
  const match = new RegExp(`^${octet}\\.${octet}\\.${octet}\\.${octet}$`).exec(text)
  return match?.slice(1).map(Number)
}

function fullGroups(text: string): string[] | undefined {
  const gap = text.indexOf('::')
  if (gap === -1) return text.split(':')
  if (text.indexOf('::', gap + 1) !== -1) return undefined
  const before = text.slice(0, gap) === '' ? [] : text.slice(0, gap).split(':')
  const after = text.slice(gap + 2) === '' ? [] : text.slice(gap + 2).split(':')
  const missing = 8 - before.length - after.length
  return missing < 1 ? undefined : [...before, ...new Array<string>(missing).fill('0'), ...after]
}
