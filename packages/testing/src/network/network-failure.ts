/** An error as the operating system would report it. */
export function networkFailure(code: string, call: string, place = ''): Error {
  const text = `${call} ${code}${place === '' ? '' : ` ${place}`}`
  return Object.assign(new Error(text), { code })
}
