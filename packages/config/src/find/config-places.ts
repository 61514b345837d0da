import { basename, extname } from 'node:path'
import { CommloopError } from '@commloop/core'

/** The files of a folder that may contain the configuration; in `package.json` it is the key `commloop`. */
export const DATA_PLACES = [
  'package.json',
  '.commlooprc',
  '.commlooprc.json',
  '.commlooprc.yaml',
  '.commlooprc.yml',
] as const

const CODE_EXTENSIONS = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']

/** Files that are not used. commloop looks for them only to report this to the user who wrote one. */
export const CODE_PLACES = ['.commlooprc', 'commloop.config'].flatMap((stem) =>
  CODE_EXTENSIONS.map((extension) => stem + extension),
)

export function isCode(file: string): boolean {
  return CODE_EXTENSIONS.includes(extname(file))
}

export function codeRejected(name: string): CommloopError {
  return new CommloopError(
    'CML_ERR_CONFIG_CODE',
    `${name} is code, and commloop never executes a configuration. Write it as data into .commlooprc ` +
      '(YAML or JSON), or start the node from your own program with @commloop/core',
  )
}

/** Whether the configuration is the key `commloop` of this file. */
export function isPackageFile(file: string): boolean {
  return basename(file, extname(file)) === 'package'
}
