/** The command was asked for something that it does not have, or in a way that it does not understand. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
