/** An error as the operating system would report it. */
export function networkFailure(code: string, call: string, address = ''): Error {
  const text = `${call} ${code}${address === '' ? '' : ` ${address}`}`
  return Object.assign(new Error(text), { code })
}
