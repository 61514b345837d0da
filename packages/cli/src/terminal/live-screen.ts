import type { WriteStream } from 'node:tty'

const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
// Between these a terminal that knows them shows nothing half drawn; others pass over them.
const BEGIN_FRAME = '\x1b[?2026h\x1b[H'
const END_FRAME = '\x1b[J\x1b[?2026l'
const CLEAR_LINE_END = '\x1b[K'

/**
 * A terminal's second screen, drawn anew a few times a second. Whichever way the process ends, by return, exception or
 * `process.exit`, the terminal gets its cursor and its first screen back.
 */
export class LiveScreen {
  readonly #terminal: WriteStream
  readonly #draw: (columns: number) => readonly string[]
  readonly #timer: NodeJS.Timeout
  #open = true

  /** @param draw the lines to be seen now, each at most `columns` wide */
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
    const frame = lines.map((line) => line + CLEAR_LINE_END).join('\r\n')
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
