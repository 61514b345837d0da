/** One mistake in a configuration. */
export interface ConfigProblem {
  /** Keys and indices into `NodeOptions`: `['links', 0, 'port']`. */
  readonly path: readonly (string | number)[]
  /** What was expected and what was found. */
  readonly message: string
}

/** `links[0].port` */
export function pathText(path: ConfigProblem['path']): string {
  let text = ''
  for (const key of path) {
    if (typeof key === 'number') text += `[${String(key)}]`
    else text += text === '' ? key : `.${key}`
  }
  return text
}
