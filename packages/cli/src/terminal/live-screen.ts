import type { WriteStream } from 'node:tty'
import { visibleStyled } from './text-output.js'

const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
// Synchronized output: the terminal shows the frame when it is complete. Other terminals ignore the sequences.
const BEGIN_FRAME = '\x1b[?2026h\x1b[H'
const END_FRAME = '\x1b[J\x1b[?2026l'
const CLEAR_LINE_END = '\x1b[K'

/**
 * Draws on the alternate screen of a terminal, several times a second. Invisible characters in the lines are escaped. The terminal gets its main screen and its cursor
 * back even if the process ends by an exception or by `process.exit`.
 */
export class LiveScreen {
  readonly #terminal: WriteStream
  readonly #draw: (columns: number) => readonly string[]
  readonly #timer: NodeJS.Timeout
  #open = true

  /** @param draw returns the lines to show, each at most `columns` wide */
  constructor(
    terminal: WriteStream,
    everyMs: number,
    draw: (columns: number) => readonly string[],
  ) {
    this.#terminal = terminal
    this.#draw = draw
    process.once('exit', this.close)
    terminal.write(ENTER)
    this.redraw()
    this.#timer = setInterval(() => {
      this.redraw()
    }, everyMs)
  }

  redraw(): void {
    const { columns, rows } = this.#terminal
    const lines = this.#draw(columns).slice(0, rows)
    const frame = lines.map((line) => visibleStyled(line) + CLEAR_LINE_END).join('\r\n')
    this.#terminal.write(BEGIN_FRAME + frame + END_FRAME)
  }

  readonly close = (): void => {
    if (!this.#open) return
    this.#open = false
    clearInterval(this.#timer)
    process.off('exit', this.close)
    this.#terminal.write(LEAVE)
  }
}
