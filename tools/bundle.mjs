// node ../../tools/bundle.mjs ENTRY…, run in the folder of a package: bundles its entries into a few files in bundle/.
// Node needs about a millisecond to load a module, and without bundles a starting node would load four hundred modules.
import { existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { rolldown } from 'rolldown'

const FOLDER = 'bundle'
const LICENCES = join(FOLDER, 'third-party-licenses.txt')
/** cosmiconfig loads it only for a configuration in TypeScript, which commloop does not accept. */
const NEVER_LOADED = ['typescript']

const entries = process.argv.slice(2)
const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
// Packages that are installed with this one stay outside; development dependencies are included in the bundle.
const outside = [
  ...Object.keys({
    ...manifest.dependencies,
    ...manifest.peerDependencies,
    ...manifest.optionalDependencies,
  }),
  ...NEVER_LOADED,
]

rmSync(FOLDER, { recursive: true, force: true })
const bundle = await rolldown({
  input: Object.fromEntries(entries.map((entry) => [basename(entry, '.ts'), entry])),
  platform: 'node',
  external: (id) => outside.some((name) => id === name || id.startsWith(`${name}/`)),
  resolve: { extensionAlias: { '.js': ['.ts', '.js'] } },
})
const { output } = await bundle.write({
  dir: FOLDER,
  format: 'esm',
  sourcemap: true,
  chunkFileNames: '[name].js',
  codeSplitting: {
    // One file for each package, with its name, so that it is visible what a command loads.
    groups: [{ name: packageOf, debugName: 'third party', test: /[\\/]node_modules[\\/]/ }],
  },
})
await bundle.close()

const inside = new Set(
  output
    .flatMap(({ moduleIds = [] }) => moduleIds.filter((id) => id.includes('node_modules')))
    .map(folderOf),
)
if (inside.size > 0) writeFileSync(LICENCES, [...inside].sort().map(licenceOf).join('\n\n'))

/** The name of the package that a module belongs to. */
function packageOf(id) {
  return basename(folderOf(id))
}

function folderOf(id) {
  let folder = dirname(id)
  while (!existsSync(join(folder, 'package.json')) || isMarker(folder)) folder = dirname(folder)
  return folder
}

/** A package.json without a version, which only declares the module type of a folder. */
function isMarker(folder) {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version === undefined
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const file = readdirSync(folder).find((path) => /^licen[cs]e/i.test(path))
  if (file === undefined) throw new Error(`${name} has no file with its licence`)
  return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
}
