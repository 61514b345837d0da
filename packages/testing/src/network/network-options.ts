import { CommloopError } from '@commloop/core'

/** The options of a dial. A listener has no options. */
export const DIAL_OPTIONS: readonly string[] = ['label']
export const LISTEN_OPTIONS: readonly string[] = []

/** An error for an option that this network does not know: it must not ignore `tls`, for example. */
export function unknownOption(
  call: string,
  options: Readonly<Record<string, unknown>>,
  known: readonly string[],
): CommloopError | undefined {
  const name = Object.keys(options).find((key) => !known.includes(key))
  if (name === undefined) return undefined
  return new CommloopError('CML_ERR_CONFIG_INVALID', `memory, ${call}: ${name}: unknown option`)
}
