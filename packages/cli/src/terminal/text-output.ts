import type { WriteStream } from 'node:tty'
import { visibleOutput } from '@commloop/core/visible-text'

/** The styles that `writeStyled` lets through: those of `CellStyle`, as `styleText` writes them. */
// eslint-disable-next-line no-control-regex -- the escape character begins a style
const STYLE = /(\x1b\[(?:1|2|22|31|32|33|39)m)/

/**
 * Stdout or stderr of a command. Commands have no other way to write, so a control character from a peer, a file or a
 * foreign process cannot reach the terminal: it becomes visible. Line feeds and tabs pass. JSON stays JSON with the same
 * values.
 */
export class TextOutput {
  /**
   * The stream itself, for the three that write for a program or draw: the lines of `run --stdio`, the log, and
   * `LiveScreen`. Each makes its own text safe.
   */
  readonly raw: WriteStream

  constructor(raw: WriteStream) {
    this.raw = raw
  }

  /** @returns false: the reader is slow, and the stream emits `drain` when it has caught up */
  write(text: string, done?: () => void): boolean {
    return this.raw.write(visibleOutput(text), done)
  }

  /** The same for text with colours. */
  writeStyled(text: string): boolean {
    return this.raw.write(visibleStyled(text))
  }

  /** Bytes of a peer as they are, for a file or another program. @throws Error if the output is a terminal */
  writeBytes(bytes: Uint8Array): boolean {
    if (this.isTerminal) throw new Error('bytes of a peer do not go to a terminal')
    return this.raw.write(bytes)
  }

  get isTerminal(): boolean {
    return this.raw.isTTY
  }

  /** Shows a step in the last line of a terminal, in place of the step before. Writes nothing anywhere else. */
  showStep(step: string): void {
    if (this.raw.isTTY) this.raw.write(`\r\x1b[K${visibleOutput(step)}`)
  }

  /** The width of the terminal; undefined: the output is not a terminal, or its width is unknown. */
  get columns(): number | undefined {
    return this.raw.isTTY ? this.raw.columns : undefined
  }

  get hasColors(): boolean {
    return this.raw.isTTY && this.raw.hasColors()
  }
}

/** `visibleOutput` for a text that may contain the styles of a table. */
export function visibleStyled(text: string): string {
  // The pattern has a group, so every second part is a style.
  return text
    .split(STYLE)
    .map((part, at) => (at % 2 === 1 ? part : visibleOutput(part)))
    .join('')
}
