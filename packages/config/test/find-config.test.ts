import { chmodSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { cosmiconfig } from 'cosmiconfig'
import { describe, expect, it, onTestFinished } from 'vitest'
import { findConfig } from '../src/find/find-config.js'
import { folderWith } from '@commloop/test-support/temporary-folder'

const TABLE = 'links: []\n'

function refusal(code: string, message: string): unknown {
  return expect.objectContaining({ code, message })
}

function find(cwd: string, rest: { file?: string; env?: Record<string, string> } = {}) {
  return findConfig({ cwd, env: rest.env ?? {}, file: rest.file })
}

describe('the place of the configuration', () => {
  it.each(['.commlooprc', '.commlooprc.json', '.commlooprc.yaml', '.commlooprc.yml'])(
    'is %s in the working folder',
    async (name) => {
      const cwd = folderWith({ [name]: TABLE })
      expect(await find(cwd)).toEqual({
        file: join(cwd, name),
        name,
        folder: cwd,
        text: TABLE,
        underPackageKey: false,
        warnings: [],
      })
    },
  )

  it('is the key "commloop" of package.json', async () => {
    const text = '{ "name": "plant", "commloop": { "links": [] } }'
    const cwd = folderWith({ 'package.json': text })
    expect(await find(cwd)).toMatchObject({ name: 'package.json', underPackageKey: true, text })
  })

  it('is not a package.json without that key', async () => {
    const cwd = folderWith({ 'package.json': '{ "name": "plant" }', '.commlooprc': TABLE })
    expect(await find(cwd)).toMatchObject({ name: '.commlooprc' })
  })

  it('is never a parent folder', async () => {
    const cwd = join(folderWith({ '.commlooprc': TABLE, 'inner/file': '' }), 'inner')
    await expect(find(cwd)).rejects.toMatchObject({ code: 'CML_ERR_CONFIG_NOT_FOUND' })
  })

  it('lists the searched places if there is none', async () => {
    const cwd = folderWith({})
    await expect(find(cwd)).rejects.toEqual(
      refusal(
        'CML_ERR_CONFIG_NOT_FOUND',
        `no configuration in ${cwd}. Looked for:\n` +
          '  package.json (key "commloop")\n' +
          '  .commlooprc\n  .commlooprc.json\n  .commlooprc.yaml\n  .commlooprc.yml\n' +
          '`commloop init` writes one; --config FILE or COMMLOOP_CONFIG names one in another place',
      ),
    )
  })

  it('is an error if there are two, and the message names both', async () => {
    const cwd = folderWith({ '.commlooprc': TABLE, '.commlooprc.yaml': TABLE })
    await expect(find(cwd)).rejects.toEqual(
      refusal(
        'CML_ERR_CONFIG_AMBIGUOUS',
        `${cwd} contains more than one configuration: .commlooprc and .commlooprc.yaml. ` +
          'Keep one, or name one with --config',
      ),
    )
  })

  it('counts an empty file as the second one', async () => {
    const cwd = folderWith({ '.commlooprc': TABLE, '.commlooprc.json': '' })
    await expect(find(cwd)).rejects.toMatchObject({ code: 'CML_ERR_CONFIG_AMBIGUOUS' })
  })

  it('counts package.json as the second one', async () => {
    const cwd = folderWith({ 'package.json': '{ "commloop": {} }', '.commlooprc': TABLE })
    await expect(find(cwd)).rejects.toThrow('package.json (key "commloop") and .commlooprc')
  })
})

describe('a named configuration', () => {
  it('is used instead of the one in the folder; --config takes precedence over COMMLOOP_CONFIG', async () => {
    const cwd = folderWith({ '.commlooprc': TABLE, 'a.yaml': 'node: a', 'sub/b.conf': 'node: b' })
    const env = { COMMLOOP_CONFIG: 'sub/b.conf' }
    expect(await find(cwd, { env })).toMatchObject({ text: 'node: b', folder: join(cwd, 'sub') })
    expect(await find(cwd, { env, file: 'a.yaml' })).toMatchObject({ text: 'node: a' })
    expect(await find(cwd, { env: { COMMLOOP_CONFIG: '' } })).toMatchObject({ text: TABLE })
  })

  it('is shown with its absolute path if it is outside the working folder', async () => {
    const elsewhere = folderWith({ 'x.json': '{}' })
    const file = join(elsewhere, 'x.json')
    expect(await find(folderWith({}), { file })).toMatchObject({ name: file, folder: elsewhere })
  })

  it('is reported by its name if it does not exist', async () => {
    await expect(find(folderWith({}), { file: 'none.yaml' })).rejects.toEqual(
      refusal('CML_ERR_CONFIG_NOT_FOUND', 'none.yaml, named by --config, does not exist'),
    )
    await expect(find(folderWith({}), { env: { COMMLOOP_CONFIG: 'n' } })).rejects.toThrow(
      'n, named by COMMLOOP_CONFIG, does not exist',
    )
    const cwd = folderWith({ 'package.json': '{}' })
    await expect(find(cwd, { file: 'package.json' })).rejects.toThrow(
      'package.json, named by --config, has no key "commloop"',
    )
  })

  it('is not a folder', async () => {
    const cwd = folderWith({ 'conf/x': '' })
    await expect(find(cwd, { file: 'conf' })).rejects.toEqual(
      refusal('CML_ERR_CONFIG_INVALID', 'conf is a folder, expected a file'),
    )
  })

  it('is read from a symbolic link', async () => {
    const cwd = folderWith({ 'real.yaml': TABLE })
    symlinkSync(join(cwd, 'real.yaml'), join(cwd, '.commlooprc'))
    expect(await find(cwd)).toMatchObject({ name: '.commlooprc', text: TABLE })
  })
})

describe('a file that cannot be read', () => {
  it('is a folder with the name of the file', async () => {
    const cwd = folderWith({})
    mkdirSync(join(cwd, '.commlooprc'))
    await expect(find(cwd)).rejects.toEqual(
      refusal('CML_ERR_CONFIG_INVALID', '.commlooprc is a folder, expected a file'),
    )
  })

  it('is a file of more than a megabyte', async () => {
    const cwd = folderWith({ '.commlooprc': '#'.repeat(1024 * 1024 + 1) })
    await expect(find(cwd)).rejects.toEqual(
      refusal('CML_ERR_CONFIG_INVALID', '.commlooprc exceeds the 1MiB configuration size limit'),
    )
  })

  it('is a file that the system does not open; it is not skipped', async () => {
    const cwd = folderWith({ '.commlooprc.yaml': TABLE })
    symlinkSync('.commlooprc', join(cwd, '.commlooprc'))
    await expect(find(cwd)).rejects.toThrow(/^\.commlooprc cannot be read: ELOOP/)
  })

  it('is a package.json with invalid JSON', async () => {
    const cwd = folderWith({ 'package.json': '{ "name": ', '.commlooprc': TABLE })
    await expect(find(cwd)).rejects.toEqual(
      refusal('CML_ERR_CONFIG_INVALID', `${join(cwd, 'package.json')} cannot be read as JSON`),
    )
  })

  it('comes with a warning if every user may change the file', async () => {
    const cwd = folderWith({ '.commlooprc': TABLE })
    chmodSync(join(cwd, '.commlooprc'), 0o666)
    expect((await find(cwd)).warnings).toEqual([
      '.commlooprc can be changed by every user of this machine: chmod o-w .commlooprc',
    ])
  })
})

describe('configuration that is code', () => {
  const refused = (name: string): unknown =>
    refusal(
      'CML_ERR_CONFIG_CODE',
      `${name} is code, and commloop never executes a configuration. Write it as data into .commlooprc ` +
        '(YAML or JSON), or start the node from your own program with @commloop/core',
    )
  const spy = 'globalThis.executed = true; export default {}'

  it.each(['.commlooprc.js', '.commlooprc.ts', 'commloop.config.mjs', 'commloop.config.cjs'])(
    'is refused in the folder: %s',
    async (name) => {
      const cwd = folderWith({ [name]: spy, '.commlooprc': TABLE })
      await expect(find(cwd)).rejects.toEqual(refused(name))
      expect(globalThis).not.toHaveProperty('executed')
    },
  )

  it.each(['x.js', 'x.mjs', 'x.cjs', 'x.ts', 'x.mts'])(
    'is refused when named: %s',
    async (name) => {
      const cwd = folderWith({ [name]: spy })
      await expect(find(cwd, { file: name })).rejects.toEqual(refused(name))
      expect(globalThis).not.toHaveProperty('executed')
    },
  )

  it('is not reached through $import', async () => {
    const cwd = folderWith({ '.commlooprc': '$import: ./x.mjs\nlinks: []', 'x.mjs': spy })
    expect((await find(cwd)).text).toBe('$import: ./x.mjs\nlinks: []')
    expect(globalThis).not.toHaveProperty('executed')
  })
})

describe('options of the configuration finder in the working folder', () => {
  function inFolder(files: Record<string, string>): string {
    const cwd = folderWith(files)
    const before = process.cwd()
    process.chdir(cwd)
    onTestFinished(() => {
      process.chdir(before)
    })
    return cwd
  }

  const write = "require('node:fs').writeFileSync('executed', '')"

  it('would be executed by cosmiconfig, so they are rejected', async () => {
    const cwd = inFolder({ '.config/config.cjs': write })
    cosmiconfig('commloop')
    await expect.poll(() => existsSync(join(cwd, 'executed'))).toBe(true)
  })

  it.each(['js', 'mjs', 'cjs', 'ts'])('are rejected as .config/config.%s', async (end) => {
    const cwd = inFolder({ [`.config/config.${end}`]: write, '.commlooprc': TABLE })
    await expect(find(cwd)).rejects.toEqual(
      refusal(
        'CML_ERR_CONFIG_CODE',
        `the configuration finder would execute ${join(cwd, '.config', `config.${end}`)}. ` +
          'Remove the file, or start in another folder',
      ),
    )
    expect(existsSync(join(cwd, 'executed'))).toBe(false)
  })

  it('are rejected even if a configuration in another folder was named', async () => {
    inFolder({ '.config/config.js': write })
    const elsewhere = folderWith({ '.commlooprc': TABLE })
    await expect(find(elsewhere)).rejects.toMatchObject({ code: 'CML_ERR_CONFIG_CODE' })
  })

  it.each([
    ['package.json', '{ "cosmiconfig": { "searchPlaces": ["other.yaml"] } }'],
    ['package.yaml', 'cosmiconfig: { packageProp: other }'],
    ['.config/config.json', '{ "cosmiconfig": { "searchStrategy": "global" } }'],
    ['.config/config.yaml', 'cosmiconfig: { searchPlaces: [other.yaml] }'],
  ])('are rejected as data in %s', async (place, text) => {
    const cwd = inFolder({ [place]: text, 'other.yaml': 'node: other', '.commlooprc': TABLE })
    await expect(find(cwd)).rejects.toEqual(
      refusal(
        'CML_ERR_CONFIG_INVALID',
        `${join(cwd, place)} sets options of the configuration finder (key "cosmiconfig"), which would ` +
          'change where it searches. Remove the key, or start in another folder',
      ),
    )
  })

  it('do not add a configuration from .config', async () => {
    const cwd = inFolder({
      '.config/config.yaml': 'commloop: { node: hidden }',
      '.config/commlooprc': 'node: hidden',
      '.commlooprc': TABLE,
    })
    expect(await find(cwd)).toMatchObject({ name: '.commlooprc', text: TABLE })
  })

  it('are reported if they cannot be parsed', async () => {
    inFolder({ '.config/config.json': '{ broken', '.commlooprc': TABLE })
    const cwd = process.cwd()
    await expect(find(cwd)).rejects.toThrow(
      `the options of the configuration finder in ${cwd} cannot be read`,
    )
  })
})
