import { CommloopError } from '@commloop/core'

/** What a dial may carry; listening takes no options. */
export const DIAL_OPTIONS: readonly string[] = ['label']
export const LISTEN_OPTIONS: readonly string[] = []

/** An option that this network does not know: `tls` in particular must not be taken for done. */
export function unknownOption(
  call: string,
  options: Readonly<Record<string, unknown>>,
  known: readonly string[],
): CommloopError | undefined {
  const name = Object.keys(options).find((key) => !known.includes(key))
  if (name === undefined) return undefined
  return new CommloopError('CML_ERR_CONFIG_INVALID', `memory, ${call}: ${name}: no such option`)
}
