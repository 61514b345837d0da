/** Bytes as a number, or text such as `64KiB`, `16MiB`. */
export type Size = number | string

const BYTES_PER_UNIT: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
}
const SIZE = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB)?$/

/** Bytes of a size; undefined if it is not a size. */
export function sizeBytes(value: Size): number | undefined {
  const bytes = typeof value === 'number' ? value : textBytes(value)
  return bytes !== undefined && Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined
}

function textBytes(text: string): number | undefined {
  const match = SIZE.exec(text.trim())
  if (match === null) return undefined
  return Number(match[1]) * (BYTES_PER_UNIT[match[2] ?? 'B'] ?? 1)
}

/** The shortest exact text for a number of bytes, such as `16MiB`. */
export function sizeText(bytes: number): string {
  for (const unit of ['GiB', 'MiB', 'KiB']) {
    const factor = BYTES_PER_UNIT[unit] ?? 1
    if (bytes >= factor && bytes % factor === 0) return `${String(bytes / factor)}${unit}`
  }
  return `${String(bytes)}B`
}
