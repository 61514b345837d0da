const STEPS = ['', 'k', 'M', 'G', 'T'] as const

/** `950`, `1.2k`, `34M`: at most three digits, which is enough in a table. */
export function countText(count: number): string {
  let value = count
  let step = 0
  while (value >= 999.5 && step < STEPS.length - 1) {
    value /= 1000
    step++
  }
  if (step === 0) return String(Math.round(value))
  return `${value < 9.95 ? value.toFixed(1) : String(Math.round(value))}${STEPS[step] ?? ''}`
}

/** `3.4 MB`: powers of ten, as usual for networks. */
export function bytesText(bytes: number): string {
  const text = countText(bytes)
  const unit = /[a-zA-Z]$/.exec(text)?.[0] ?? ''
  return `${text.slice(0, text.length - unit.length)} ${unit}B`
}

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const

/** `3 d 4 h`, `2 min`, `12 s`, `0.4 s`: the two largest units. */
export function ageText(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  let left = Math.round(seconds)
  const parts: string[] = []
  for (const [unit, size] of UNITS) {
    if (left < size || parts.length === 2) continue
    parts.push(`${String(Math.floor(left / size))} ${unit}`)
    left %= size
  }
  return parts.length === 0 ? `${String(left)} s` : parts.join(' ')
}
