import { nearest } from '@commloop/core'

/** Keys of the schema whose values are secrets. A message, a log line or a report never shows such a value. */
export const SECRET_KEYS: readonly string[] = ['key', 'token']

/** Names that plugins give to their secrets. */
const SECRET_NAME = /pass(word|phrase|wd)?$|secret|token|psk|credential|private|api.?key/i

/** Whether the value of a key is a secret: also of a key that is misspelt, and of an option of a plugin. */
export function isSecretKey(key: string): boolean {
  return SECRET_NAME.test(key) || nearest(key, SECRET_KEYS) !== undefined
}
