/** Where a command writes: the process's own streams, or a test's. */
export interface CommandIo {
  readonly stdout: TextSink
  readonly stderr: TextSink
}

export interface TextSink {
  write(text: string): unknown
}
