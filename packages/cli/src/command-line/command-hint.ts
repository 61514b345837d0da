import { nearest } from '@commloop/core'

/** What other daemons call it. */
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
  '(A node is stopped by a signal: kill -TERM its process, whose number `commloop status` shows)'

/** What to add to the message about an unknown command: a line of its own, or nothing. */
export function commandHint(word: string, commands: readonly string[]): string {
  if (word === 'stop') return `\n${NO_STOP}`
  const meant = Object.hasOwn(OTHER_NAMES, word) ? OTHER_NAMES[word] : nearest(word, commands)
  return meant === undefined ? '' : `\n(Did you mean ${meant}?)`
}
