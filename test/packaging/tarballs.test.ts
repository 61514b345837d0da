import { execFile } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { posix } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pathOf, textOf } from '../structure/source-tree.js'
import {
  filesOf,
  packAll,
  publicPackages,
  type PackedFile,
  type Tarball,
  userEnvironment,
} from './tarballs.js'

let packed: { folder: string; tarballs: Tarball[] }
beforeAll(async () => {
  packed = await packAll()
})
afterAll(() => {
  rmSync(packed.folder, { recursive: true, force: true })
})

const NAMES = publicPackages().map(({ manifest }) => manifest.name)

function tarball(name: string): Tarball {
  const found = packed.tarballs.find(({ manifest }) => manifest.name === name)
  if (found === undefined) throw new Error(`${name} was not packed`)
  return found
}

/** Runs a tool of this repository. @returns its output and its exit code */
function tool(path: string, args: readonly string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    const command = [pathOf(`node_modules/${path}`), ...args]
    execFile(process.execPath, command, { env: userEnvironment() }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
      resolve({ code, text: stdout + stderr })
    })
  })
}

/** All files that `exports` and `bin` of the manifest name. */
function targetsOf(value: unknown): string[] {
  if (typeof value === 'string') return [posix.normalize(value)]
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(targetsOf)
}

function manifestOf(files: readonly PackedFile[]): Readonly<Record<string, unknown>> {
  const text = files.find(({ path }) => path === 'package.json')?.content.toString() ?? '{}'
  return JSON.parse(text) as Record<string, unknown>
}

/** The test kit, and the journal, which nodes do not use yet. */
const UNUSED_BY_COMMAND = ['@commloop/testing', '@commloop/journal-segments']

describe('the public packages', () => {
  it('are fifteen, and the command depends on all that it uses, in its own version', () => {
    expect(NAMES).toHaveLength(15)
    const command = publicPackages().find(({ manifest }) => manifest.name === 'commloop')?.manifest
    for (const { manifest } of publicPackages()) {
      if (manifest.name === 'commloop') continue
      const needed = command?.dependencies?.[manifest.name]
      const expected = UNUSED_BY_COMMAND.includes(manifest.name) ? undefined : manifest.version
      expect(needed, manifest.name).toBe(expected)
    }
  })
})

describe.each(NAMES)('the tarball of %s', (name) => {
  it('passes publint', async () => {
    const { code, text } = await tool('publint/src/cli.js', [
      'run',
      tarball(name).file,
      '--strict',
      '--level',
      'suggestion',
    ])
    expect({ code, text }).toEqual({
      code: 0,
      text: expect.stringContaining('All good!') as string,
    })
  })

  it('passes attw: its types resolve wherever ES modules can be imported', async () => {
    const args = [tarball(name).file, '--profile', 'esm-only', '--no-color']
    const { code, text } = await tool('@arethetypeswrong/cli/dist/index.js', args)
    expect(code, text).toBe(0)
  })

  it('has the licence, a README, and the files that its fields name', () => {
    const files = filesOf(tarball(name))
    const paths = files.map(({ path }) => path)
    const licence = files.find(({ path }) => path === 'LICENSE')?.content.toString()
    expect(licence).toBe(textOf('LICENSE'))
    const page = files.find(({ path }) => path === 'README.md')?.content.toString()
    expect(page).toMatch(new RegExp(`^# ${name}\\n`))
    expect(page).toContain(`npm install ${name}`)
    const { exports, bin, types } = manifestOf(files)
    const targets = [exports, bin, types].flatMap(targetsOf)
    expect(targets.length).toBeGreaterThan(3)
    expect(targets.filter((target) => !paths.includes(target))).toEqual([])
  })

  it('has no tests and no leftovers of tools, and the sources of all types', () => {
    const paths = filesOf(tarball(name)).map(({ path }) => path)
    expect(paths.filter((path) => !/^(dist|bundle|src|bin)\//.test(path)).sort()).toEqual(
      [
        'LICENSE',
        'README.md',
        'package.json',
        ...(name === 'commloop' ? ['schema.json'] : []),
      ].sort(),
    )
    expect(paths.filter((path) => /buildinfo|\.test\.|(^|\/)test\//.test(path))).toEqual([])
    const sources = paths.filter((path) => /^src\/.*\.ts$/.test(path))
    const types = sources.map((path) => path.replace('src/', 'dist/').replace(/ts$/, 'd.ts'))
    expect(types.length).toBeGreaterThan(0)
    expect(types.filter((path) => !paths.includes(path))).toEqual([])
  })

  it('has the licences of all packages in its bundle', () => {
    const files = filesOf(tarball(name))
    const taken = Object.keys(tarball(name).manifest.devDependencies ?? {})
    const licences = files.find(({ path }) => path === 'bundle/third-party-licenses.txt')
    expect(licences === undefined).toBe(taken.length === 0)
    const text = licences?.content.toString() ?? ''
    for (const dependency of taken) expect(text).toMatch(new RegExp(`^${dependency} \\d`, 'm'))
  })

  it('has a description, and is public', () => {
    const { manifest, folder } = tarball(name)
    expect(manifest.description).toMatch(/commloop/)
    expect(manifest.keywords).toContain('commloop')
    expect(manifest.license).toBe('MIT')
    // A scoped package is private by default, and then the first `npm publish` fails.
    expect(manifest.publishConfig?.access).toBe('public')
    expect(existsSync(pathOf(`${folder}/LICENSE`))).toBe(true)
  })
})
