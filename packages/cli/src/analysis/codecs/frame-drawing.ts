import type { FramePart } from '@commloop/framings'

/**
 * The parts of a frame in a row of boxes, with the position of each below it:
 *
 *     ┌───────┬─────────────────┬──────┐
 *     │ 03 00 │ length: 2 bytes │ body │
 *     └───────┴─────────────────┴──────┘
 *     0       2                 4
 */
export function frameDrawing(parts: readonly FramePart[]): readonly string[] {
  const lines = parts.map(({ text }) => '─'.repeat(text.length + 2))
  return [
    `┌${lines.join('┬')}┐`,
    `│${parts.map(({ text }) => ` ${text} `).join('│')}│`,
    `└${lines.join('┴')}┘`,
    parts
      .map(({ text, at }) => (at === undefined ? '' : String(at)).padEnd(text.length + 3))
      .join('')
      .trimEnd(),
  ]
}
