/** Longer words are not compared: keys and names are shorter, and the comparison takes quadratic time. */
const WORD_LENGTH_MAX = 64

/** The candidate that was probably meant; undefined if none is similar. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > WORD_LENGTH_MAX) return undefined
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    // With more than a third of wrong letters it is another word, not a typo.
    const distanceMax = Math.max(1, Math.floor(candidate.length / 3))
    // A lower bound of the distance that needs no comparison of letters.
    if (Math.abs(word.length - candidate.length) > distanceMax) continue
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance > distanceMax || distance >= bestDistance) continue
    best = candidate
    bestDistance = distance
  }
  return best
}

/** What is wrong with an option that a plugin does not have, and which option was probably meant. */
export function unknownOptionText(option: string, known: readonly string[]): string {
  const guess = nearest(option, known)
  if (guess !== undefined) return `unknown option. Did you mean "${guess}"?`
  return known.length === 0
    ? 'expected no options'
    : `unknown option; there are ${known.join(', ')}`
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
export function editDistance(left: string, right: string): number {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, at) => at)]
  const cell = (row: number, column: number): number => rows[row]?.[column] ?? 0
  for (let row = 1; row <= left.length; row++) {
    rows.push([row])
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1]
      let cost = Math.min(
        cell(row - 1, column) + 1,
        cell(row, column - 1) + 1,
        cell(row - 1, column - 1) + (same ? 0 : 1),
      )
      const swapped =
        row > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      if (swapped) cost = Math.min(cost, cell(row - 2, column - 2) + 1)
      rows[row]?.push(cost)
    }
  }
  return cell(left.length, right.length)
}
