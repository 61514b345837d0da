/** The streams that a command writes to. */
export interface CommandIo {
  readonly stdout: TextSink
  readonly stderr: TextSink
}

export interface TextSink {
  write(text: string): unknown
}
