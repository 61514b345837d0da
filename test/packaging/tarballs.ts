import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { packageFolders, pathOf, textOf } from '../structure/source-tree.js'

const run = promisify(execFile)
const DEADLINE_MS = 60_000

/** The fields of a `package.json` that matter to users of the package. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly description?: string
  readonly keywords?: readonly string[]
  readonly license?: string
  readonly private?: boolean
  readonly publishConfig?: { readonly access?: string }
  readonly dependencies?: Readonly<Record<string, string>>
  /** The packages that its bundle contains. */
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** A package as `npm pack` creates it. */
export interface Tarball {
  readonly manifest: Manifest
  /** The folder of the package in this repository. */
  readonly folder: string
  readonly file: string
}

/** The packages that are published. */
export function publicPackages(): { readonly folder: string; readonly manifest: Manifest }[] {
  return packageFolders()
    .map((name) => `packages/${name}`)
    .map((folder) => ({
      folder,
      manifest: JSON.parse(textOf(`${folder}/package.json`)) as Manifest,
    }))
    .filter(({ manifest }) => manifest.private !== true)
}

/** Packs every public package as it was last built. The caller must remove the folder. */
export async function packAll(): Promise<{ folder: string; tarballs: Tarball[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'commloop-pack-'))
  const packages = publicPackages()
  const paths = packages.map((known) => `./${known.folder}`)
  // Without scripts, so that packing does not build again while other tests run the build.
  const args = ['pack', '--ignore-scripts', '--pack-destination', folder, ...paths]
  await run('npm', args, { cwd: pathOf(''), timeout: DEADLINE_MS, env: userEnvironment() })
  const tarballs = packages.map((known) => {
    const { name, version } = known.manifest
    return {
      ...known,
      file: join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`),
    }
  })
  return { folder, tarballs }
}

/** The environment of a new shell, without the variables of the npm and the vitest that run the tests. */
export function userEnvironment(): NodeJS.ProcessEnv {
  const foreign =
    /^(COMMLOOP_|VITEST|NODE_ENV$|NODE_OPTIONS$|FORCE_COLOR$|INIT_CWD$|npm_(?!config_(registry|cache|userconfig)$))/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}

const BLOCK_BYTES = 512

/** One file of a tarball. */
export interface PackedFile {
  readonly path: string
  readonly content: Buffer
}

/*
 * A tar file is headers and contents in turn, each padded to 512 bytes:
 *
 *   0     100      124     136        156    157 …
 *   name  mode …   size    time …     type   …        size is octal text; type '0' is a file
 */
export function filesOf({ file }: Tarball): PackedFile[] {
  const bytes = gunzipSync(readFileSync(file))
  const files: PackedFile[] = []
  for (let at = 0; bytes[at] !== undefined && bytes[at] !== 0;) {
    const field = (from: number, to: number): string =>
      bytes.toString('utf8', at + from, at + to).replace(/\0.*$/s, '')
    const size = parseInt(field(124, 136), 8)
    const path = [field(345, 500), field(0, 100)].filter((part) => part !== '').join('/')
    const content = bytes.subarray(at + BLOCK_BYTES, at + BLOCK_BYTES + size)
    if (field(156, 157) === '0') files.push({ path: path.replace(/^package\//, ''), content })
    at += BLOCK_BYTES + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES
  }
  return files
}
