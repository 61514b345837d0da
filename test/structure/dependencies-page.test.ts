import { describe, expect, it } from 'vitest'
import { sectionOf, tableRows } from './page.js'
import { packageFolders, textOf } from './source-tree.js'

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(textOf(`${folder}/package.json`)) as Manifest
}

/** Those for development are taken into the package's bundle. */
const DEPENDENCIES = [
  'dependencies',
  'optionalDependencies',
  'peerDependencies',
  'devDependencies',
] as const

const MANIFESTS = packageFolders().map((folder) => manifestOf(`packages/${folder}`))
const OWN = new Set(MANIFESTS.map(({ name }) => name))
const ROWS = tableRows(sectionOf(textOf('docs/adr/0011-dependencies.md'), '## Decision'), [
  'package',
  'dependency',
]).filter(([, dependency]) => dependency !== 'nothing else')

describe('dependencies', () => {
  it('at run time each have a reason in docs/adr/0011-dependencies.md', () => {
    const needed = MANIFESTS.flatMap((manifest) =>
      DEPENDENCIES.map((kind) => manifest[kind])
        .flatMap((record) => Object.keys(record ?? {}))
        .filter((dependency) => !OWN.has(dependency))
        .map((dependency) => `${manifest.name} ${dependency}`),
    )
    expect(needed.length).toBeGreaterThan(5)
    expect(ROWS.map(([name, dependency]) => `${name ?? ''} ${dependency ?? ''}`).sort()).toEqual(
      needed.sort(),
    )
    for (const [, dependency, why] of ROWS) expect(why, dependency).toMatch(/\w{3}/)
  })

  it('have exact versions', () => {
    const loose = [manifestOf('.'), manifestOf('test'), ...MANIFESTS].flatMap((manifest) =>
      [manifest.dependencies, manifest.optionalDependencies, manifest.devDependencies].flatMap(
        (record) =>
          Object.entries(record ?? {})
            .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
            .map(([name, version]) => `${manifest.name}: ${name} ${version}`),
      ),
    )
    expect(loose).toEqual([])
  })
})
