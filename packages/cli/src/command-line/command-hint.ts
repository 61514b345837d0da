import { nearest } from '@commloop/core'

/** Command names of other daemons. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  start: 'run',
  serve: 'run',
  up: 'run',
  ps: 'status',
  list: 'status',
  ls: 'status',
  validate: 'check',
  config: 'check',
  logs: 'tail',
  connect: 'dial',
  disconnect: 'close',
  restart: 'reload',
}
const NO_STOP =
  '(To stop a node, send a signal to its process: kill -TERM PID; `commloop status` shows the PID)'

/** A line to add to the message about an unknown command; empty: no hint. */
export function commandHint(word: string, commands: readonly string[]): string {
  if (word === 'stop') return `\n${NO_STOP}`
  const meant = Object.hasOwn(OTHER_NAMES, word) ? OTHER_NAMES[word] : nearest(word, commands)
  return meant === undefined ? '' : `\n(Did you mean ${meant}?)`
}
