const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const

/** The latest `width` values as a small graph. The largest value is a full bar, zero is a space. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-width)
  const most = Math.max(...shown, 0)
  const bars = shown.map((value) => {
    if (value <= 0 || most === 0) return ' '
    return BARS[Math.min(BARS.length - 1, Math.floor((value / most) * BARS.length))] ?? ' '
  })
  return bars.join('').padStart(width)
}

/** `███▌      `: a bar that shows a fraction, in eighths of a character. */
export function gauge(part: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, part)) * width * 8)
  const whole = '█'.repeat(Math.floor(eighths / 8))
  return (whole + ' ▏▎▍▌▋▊▉'.charAt(eighths % 8).trim()).padEnd(width)
}
