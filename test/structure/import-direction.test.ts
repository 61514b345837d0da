import { builtinModules } from 'node:module'
import { describe, expect, it } from 'vitest'
import { codeUnder, type ImportOf, importsOf, packageFolders, textOf } from './source-tree.js'

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

const FOLDERS = packageFolders()
/** What a package may import besides core. The command `commloop` composes all of them, so it is not listed. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  control: ['@commloop/metrics'],
  'codec-len16': ['@commloop/framings'],
  'codec-length-field': ['@commloop/framings'],
  'codec-delimited': ['@commloop/framings'],
  config: [
    '@commloop/control',
    '@commloop/transport-tcp',
    '@commloop/codec-len16',
    '@commloop/codec-length-field',
    '@commloop/codec-delimited',
    '@commloop/framings',
    '@commloop/opening-exchange',
  ],
  testing: ['@commloop/fault-peer'],
}
const COMPOSER = 'cli'
const CORE = '@commloop/core'
const BUILTIN = new Set([...builtinModules, ...builtinModules.map((name) => `node:${name}`)])

function manifestOf(folder: string): Manifest {
  return JSON.parse(textOf(`packages/${folder}/package.json`)) as Manifest
}

const NAMES = new Map(FOLDERS.map((folder) => [folder, manifestOf(folder).name]))

/** `@commloop/testing/compliance` belongs to the package `@commloop/testing`. */
function packageOf(module: string): string {
  return module.split('/', module.startsWith('@') ? 2 : 1).join('/')
}

function importsUnder(folder: string): ImportOf[] {
  return codeUnder(folder).flatMap((path) => importsOf(path))
}

function workspaceImports(folder: string): ImportOf[] {
  const names = new Set(NAMES.values())
  return importsUnder(folder).filter(({ module }) => names.has(packageOf(module)))
}

function listed(imports: readonly ImportOf[]): string[] {
  return imports.map(({ path, module }) => `${path} imports ${module}`)
}

describe('imports between packages', () => {
  it('are found by this test', () => {
    expect(FOLDERS).toEqual(expect.arrayContaining(['cli', 'core', 'testing', 'transport-tcp']))
    expect(workspaceImports('packages/codec-len16/src').length).toBeGreaterThan(0)
  })

  it('core imports no other package of the workspace, not even in its tests', () => {
    expect(listed(workspaceImports('packages/core'))).toEqual([])
  })

  it.each(FOLDERS.filter((folder) => folder !== 'core' && folder !== COMPOSER))(
    '%s imports only core and the packages listed for it',
    (folder) => {
      const allowed = [CORE, ...(MAY_IMPORT[folder] ?? [])]
      const others = workspaceImports(`packages/${folder}/src`)
      expect(listed(others.filter(({ module }) => !allowed.includes(packageOf(module))))).toEqual(
        [],
      )
    },
  )

  it('no package imports the command', () => {
    const importers = FOLDERS.flatMap((folder) => workspaceImports(`packages/${folder}/src`))
    expect(listed(importers.filter(({ module }) => packageOf(module) === 'commloop'))).toEqual([])
  })

  it('no test reaches into the tests of another package by a relative path', () => {
    const tested = FOLDERS.filter((folder) => folder !== 'router-plugin-api')
    const folders = ['test', 'bench/src', ...tested.map((folder) => `packages/${folder}/test`)]
    const reaching = folders.flatMap((folder) =>
      importsUnder(folder).filter(({ path, module }) => {
        if (!module.startsWith('.')) return false
        const target = new URL(module, `file:///${path}`).pathname
        return /^\/packages\/[^/]+\/test\//.test(target) && !target.startsWith(`/${folder}/`)
      }),
    )
    expect(listed(reaching)).toEqual([])
  })

  it('no package reaches into another one by a relative path', () => {
    const reaching = FOLDERS.flatMap((folder) =>
      importsUnder(`packages/${folder}/src`).filter(({ path, module }) => {
        if (!module.startsWith('.')) return false
        const target = new URL(module, `file:///${path}`).pathname
        return !target.startsWith(`/packages/${folder}/src/`)
      }),
    )
    expect(listed(reaching)).toEqual([])
  })

  it.each(FOLDERS)('%s declares every package that it imports', (folder) => {
    const manifest = manifestOf(folder)
    // Development dependencies are included in the bundle of the package.
    const declared = new Set(
      [
        manifest.dependencies,
        manifest.optionalDependencies,
        manifest.peerDependencies,
        manifest.devDependencies,
      ].flatMap((record) => Object.keys(record ?? {})),
    )
    const undeclared = importsUnder(`packages/${folder}/src`).filter(({ module }) => {
      if (module.startsWith('.') || BUILTIN.has(module)) return false
      return !declared.has(packageOf(module))
    })
    expect(listed(undeclared)).toEqual([])
  })
})

/** The files of a package that import each other in a circle, types included; one list for each circle. */
function circles(folder: string): string[][] {
  const files = codeUnder(folder)
  const targets = new Map(
    files.map((path) => {
      const local = importsOf(path).filter(({ module }) => module.startsWith('.'))
      const paths = local.map(({ module }) => new URL(module, `file:///${path}`).pathname.slice(1))
      return [path, paths.map((target) => target.replace(/\.js$/, '.ts'))]
    }),
  )
  const found: string[][] = []
  const done = new Set<string>()
  const visit = (path: string, way: readonly string[]): void => {
    if (way.includes(path)) found.push([...way.slice(way.indexOf(path)), path])
    if (way.includes(path) || done.has(path)) return
    for (const target of targets.get(path) ?? []) visit(target, [...way, path])
    done.add(path)
  }
  for (const path of files) visit(path, [])
  return found
}

describe('files of one package', () => {
  it.each(FOLDERS)('%s has no circle of imports', (folder) => {
    expect(circles(`packages/${folder}/src`)).toEqual([])
  })
})

describe('modules with one place', () => {
  it('core imports no module of Node', () => {
    const builtin = importsUnder('packages/core/src').filter(({ module }) => BUILTIN.has(module))
    expect(listed(builtin)).toEqual([])
  })

  it.each([
    'codec-len16',
    'codec-length-field',
    'codec-delimited',
    'framings',
    'opening-exchange',
    'router-plugin-api',
  ])('%s imports no module of Node', (folder) => {
    const builtin = importsUnder(`packages/${folder}/src`)
    expect(listed(builtin.filter(({ module }) => BUILTIN.has(module)))).toEqual([])
  })

  it('only di.ts imports tsyringe and reflect-metadata', () => {
    const paths = FOLDERS.flatMap((folder) => importsUnder(`packages/${folder}/src`))
      .filter(({ module }) => module === 'tsyringe' || module === 'reflect-metadata')
      .map(({ path }) => path)
    expect([...new Set(paths)]).toEqual(['packages/core/src/di.ts'])
  })

  it('only the composition root imports the container', () => {
    const users = FOLDERS.flatMap((folder) => importsUnder(`packages/${folder}/src`))
      .filter(({ path, names }) => names.includes('container') && !path.endsWith('/di.ts'))
      .map(({ path }) => path)
    expect(users).toEqual(['packages/core/src/node/create-node.ts'])
  })

  it('di.ts exports no decorator that registers on the global container', () => {
    const names = importsOf('packages/core/src/di.ts').flatMap((imported) => imported.names)
    expect(names).toContain('inject')
    for (const global of ['singleton', 'scoped', 'registry', 'autoInjectable', 'delay']) {
      expect(names).not.toContain(global)
    }
  })
})
