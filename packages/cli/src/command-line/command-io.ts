/** The streams that a command writes to. On the command line, both are a `TextOutput`. */
export interface CommandIo {
  readonly stdout: TextSink
  readonly stderr: TextSink
}

export interface TextSink {
  write(text: string): unknown
}
