import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DirectRouter, ExponentialBackoff } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import type { PluginKind } from '@commloop/core'
import { canonicalSpec, pluginSpecOf, type WrittenSpec } from '../src/plugins/plugin-spec.js'
import { originText, type ResolvedPlugin, resolvePlugin } from '../src/plugins/resolve-plugin.js'
import { folderWith } from '@commloop/test-support/temporary-folder'

function plugin(kind: PluginKind, written: WrittenSpec, folder: string): Promise<ResolvedPlugin> {
  return resolvePlugin(kind, pluginSpecOf(written), folder)
}

/** A router that answers its own name. */
function routerModule(name: string): string {
  return `export default { kind: 'router', name: '${name}', apiVersion: 1, route: () => '${name}' }\n`
}

function packageAt(name: string, main: string, facts: object = {}): Record<string, string> {
  return {
    [`node_modules/${name}/package.json`]: JSON.stringify({
      name,
      version: '1.2.3',
      type: 'module',
      exports: { import: './main.js' },
      ...facts,
    }),
    [`node_modules/${name}/main.js`]: main,
  }
}

async function answerOf(resolved: Promise<ResolvedPlugin>): Promise<unknown> {
  const { value } = (await resolved) as ResolvedPlugin<'router'>
  const message = { payload: new Uint8Array(), id: undefined, from: undefined, deferrals: 0 }
  return value.route(message, [])
}

async function refusal(resolved: Promise<ResolvedPlugin>): Promise<[unknown, string]> {
  const error: unknown = await resolved.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ name: 'CommloopError' })
  const { code, message } = error as { code: string; message: string }
  return [code, message]
}

describe('a plugin is found', () => {
  it('by a path, relative to the configuration', async () => {
    const folder = folderWith({ 'routers/a.mjs': routerModule('a') })
    const resolved = await plugin('router', './routers/a.mjs', folder)
    expect(resolved).toMatchObject({
      kind: 'router',
      name: './routers/a.mjs',
      spec: '{"use":"./routers/a.mjs"}',
      origin: { from: 'file', file: join(folder, 'routers/a.mjs') },
    })
    expect(originText(resolved.origin)).toBe(join(folder, 'routers/a.mjs'))
  })

  it('by a path to a parent folder, and by an absolute path', async () => {
    const folder = folderWith({ 'a.mjs': routerModule('a'), 'inner/x': '' })
    expect(await answerOf(plugin('router', '../a.mjs', join(folder, 'inner')))).toBe('a')
    expect(await answerOf(plugin('router', join(folder, 'a.mjs'), '/'))).toBe('a')
  })

  it('by its short name, in the documented order', async () => {
    const names = ['@commloop/router-x', 'commloop-router-x', 'x']
    for (const [at, expected] of names.entries()) {
      const installed = names.slice(at).map((name) => packageAt(name, routerModule(name)))
      const folder = folderWith(Object.assign({}, ...installed) as Record<string, string>)
      const resolved = await plugin('router', 'x', folder)
      expect(resolved.origin).toEqual({
        from: 'package',
        package: expected,
        version: '1.2.3',
        file: join(folder, `node_modules/${expected}/main.js`),
      })
      expect(originText(resolved.origin)).toBe(
        `${expected} 1.2.3 (${join(folder, `node_modules/${expected}/main.js`)})`,
      )
    }
  })

  it('by the name of a scoped package, or of a module inside one', async () => {
    const folder = folderWith({
      ...packageAt('@plant/routing', routerModule('whole'), {
        exports: { '.': './main.js', './second': './second.js' },
      }),
      'node_modules/@plant/routing/second.js': routerModule('second'),
    })
    expect(await answerOf(plugin('router', '@plant/routing', folder))).toBe('whole')
    expect(await answerOf(plugin('router', '@plant/routing/second', folder))).toBe('second')
  })

  it('in the folders above the configuration, as modules are', async () => {
    const folder = folderWith({ ...packageAt('x', routerModule('x')), 'conf/site/y': '' })
    expect(await answerOf(plugin('router', 'x', join(folder, 'conf/site')))).toBe('x')
  })

  it('among the built-in plugins, unless the same is installed beside the configuration', async () => {
    const bare = folderWith({})
    for (const [kind, name, from] of [
      ['transport', 'tcp', '@commloop/transport-tcp'],
      ['codec', 'len16', '@commloop/codec-len16'],
      ['reconnect', 'exponential', '@commloop/core'],
      ['router', 'direct', '@commloop/core'],
    ] as const) {
      const { origin } = await plugin(kind, name, bare)
      expect(origin).toEqual({ from: 'commloop', package: from, version: '0.1.0' })
    }
    expect((await plugin('router', 'direct', bare)).value).toBeInstanceOf(DirectRouter)
    const strategy = await plugin('reconnect', { use: 'exponential', maxAttempts: 3 }, bare)
    expect(strategy.value).toBeInstanceOf(ExponentialBackoff)
    expect(strategy.value).toMatchObject({ attemptsMax: 3 })

    const beside = folderWith(packageAt('@commloop/router-direct', routerModule('own')))
    expect(await answerOf(plugin('router', 'direct', beside))).toBe('own')
  })

  it("before a stranger's package of the same short name", async () => {
    const folder = folderWith(packageAt('direct', routerModule('stranger')))
    expect((await plugin('router', 'direct', folder)).origin.from).toBe('commloop')
  })

  it('if it is CommonJS, also if compiled from ES modules', async () => {
    const plain = "module.exports = { name: 'c', route: () => 'plain' }"
    const compiled =
      "exports.__esModule = true; exports.default = { name: 'c', route: () => 'compiled' }"
    const folder = folderWith({ 'plain.cjs': plain, 'compiled.cjs': compiled })
    expect(await answerOf(plugin('router', './plain.cjs', folder))).toBe('plain')
    expect(await answerOf(plugin('router', './compiled.cjs', folder))).toBe('compiled')
  })
})

describe('a plugin is created', () => {
  it('with its options, and without `use`', async () => {
    const folder = folderWith({
      'r.mjs': `export default { kind: 'router', name: 'r', apiVersion: 1,
        create(options) { return { route: () => JSON.stringify(options) + this.name } } }`,
    })
    const written = { use: './r.mjs', to: 'mes', deep: { list: [1] } }
    expect(await answerOf(plugin('router', written, folder))).toBe(
      '{"to":"mes","deep":{"list":[1]}}r',
    )
    expect(await answerOf(plugin('router', './r.mjs', folder))).toBe('{}r')
  })

  it('by defineRouter of the plugin API', async () => {
    const folder = folderWith({
      'r.mjs': `import { defineRouter } from '@commloop/router-plugin-api'
        export default defineRouter({ name: 'r', create: ({ to }) => ({ route: () => to }) })`,
      'plain.mjs': `import { defineRouter } from '@commloop/router-plugin-api'
        export default defineRouter({ name: 'r', route() { return this.name } })`,
    })
    const api = fileURLToPath(new URL('../../router-plugin-api', import.meta.url))
    mkdirSync(join(folder, 'node_modules/@commloop'), { recursive: true })
    symlinkSync(api, join(folder, 'node_modules/@commloop/router-plugin-api'))
    expect(await answerOf(plugin('router', { use: './r.mjs', to: 'a' }, folder))).toBe('a')
    expect(await answerOf(plugin('router', './plain.mjs', folder))).toBe('r')
  })

  it('from equal texts for equal specs', () => {
    const one = pluginSpecOf({ use: 'x', b: [{ d: 1, c: 2 }], a: undefined })
    expect(canonicalSpec(one)).toBe('{"b":[{"c":2,"d":1}],"use":"x"}')
    expect(canonicalSpec(pluginSpecOf('x'))).toBe('{"use":"x"}')
    expect(canonicalSpec(pluginSpecOf({ use: 'x' }))).toBe('{"use":"x"}')
  })
})

describe('a plugin that is missing', () => {
  it('is reported with every name that was tried', async () => {
    const folder = folderWith({})
    expect(await refusal(plugin('router', 'by-byte', folder))).toEqual([
      'CML_ERR_PLUGIN_MISSING',
      '"by-byte" was not found. Tried the packages @commloop/router-by-byte, commloop-router-by-byte, ' +
        `by-byte, starting from ${folder}. Install one of them there, or give a path such as ./name.mjs`,
    ])
    expect(await refusal(plugin('codec', '@plant/codec', folder))).toEqual([
      'CML_ERR_PLUGIN_MISSING',
      `"@plant/codec" was not found. Tried the packages @plant/codec, starting from ${folder}. ` +
        'Install one of them there, or give a path such as ./name.mjs',
    ])
  })

  it('is reported with a suggestion if a file was meant', async () => {
    const folder = folderWith({ 'router.mjs': '', 'routes/index.js': '', 'old.js': '' })
    expect((await refusal(plugin('router', 'router', folder)))[1]).toMatch(
      /Did you mean "\.\/router\.mjs"\?$/,
    )
    for (const [written, message] of [
      ['./router', `${join(folder, 'router')} does not exist. Did you mean "./router.mjs"?`],
      [
        './routes',
        `${join(folder, 'routes')} is a folder, expected a file. Did you mean "./routes/index.js"?`,
      ],
      ['./old.mjs', `${join(folder, 'old.mjs')} does not exist. Did you mean "./old.js"?`],
      ['./none.mjs', `${join(folder, 'none.mjs')} does not exist`],
    ] as const) {
      expect(await refusal(plugin('router', written, folder))).toEqual([
        'CML_ERR_PLUGIN_MISSING',
        `"${written}" was not found: ${message}`,
      ])
    }
  })

  it.each(['node:fs', 'data:text/javascript,1', 'https://x.example/r.mjs', '#inner', 'a b', ''])(
    'is anything that is neither a path nor a package: %j',
    async (name) => {
      expect(await refusal(plugin('router', name, folderWith({})))).toEqual([
        'CML_ERR_PLUGIN_MISSING',
        `"${name}" is neither a path (./…) nor a package name`,
      ])
    },
  )

  it('is not found in Node itself', async () => {
    const [code, message] = await refusal(plugin('router', 'events', folderWith({})))
    expect(code).toBe('CML_ERR_PLUGIN_MISSING')
    expect(message).toContain(
      'Tried the packages @commloop/router-events, commloop-router-events, events',
    )
  })
})

describe('a plugin that is found but unusable', () => {
  const kinds = "kind: 'router', name: 'x', apiVersion: 1"

  it.each<[string, string, string, WrittenSpec?]>([
    ['has no default export', 'export const route = () => 1', ' has no default export'],
    [
      'exports a function',
      'export default () => 1',
      ': the default export is a function, expected { kind, name, apiVersion, create } or { name, route }',
    ],
    [
      'is of another kind',
      "export default { kind: 'codec', apiVersion: 1, create() {} }",
      ': expected a plugin of kind "router", found "codec"',
    ],
    [
      'does not say its kind',
      'export default { apiVersion: 1, create() {} }',
      ': expected a plugin of kind "router", found nothing',
    ],
    [
      'is made for another API',
      "export default { kind: 'router', apiVersion: 2, create() {} }",
      ' was written for plugin API 2, and this commloop has 1: use matching versions',
    ],
    [
      'does not say its API',
      "export default { kind: 'router', create() {} }",
      ' was written for plugin API nothing, and this commloop has 1: use matching versions',
    ],
    [
      'has no route',
      "export default { name: 'x' }",
      ': expected a function "route", found nothing',
    ],
    [
      'has a route that is none',
      'export default { route: 7 }',
      ': expected a function "route", found 7',
    ],
    [
      'has a create that is none',
      `export default { ${kinds}, create: 'x' }`,
      ': expected a function "create", found "x"',
    ],
    [
      'fails to create',
      `export default { ${kinds}, create() { throw new RangeError('no table\\nhere') } }`,
      ': create() failed: RangeError: no table',
    ],
    [
      'creates nothing',
      `export default { ${kinds}, create() {} }`,
      ': the created value is nothing, not an object',
    ],
    [
      'creates no router',
      `export default { ${kinds}, create: () => ({ route: 'x' }) }`,
      ': the created value has a string as "route", expected a function',
    ],
    [
      'creates later',
      `export default { ${kinds}, create: async () => ({ route() {} }) }`,
      ': the created value is a promise: await it in the module, before the export',
    ],
    [
      'is plain and was given options',
      "export default { name: 'x', route() {} }",
      ' takes no options (found "to"): only a plugin with "create" does',
      { use: './x.mjs', to: 'mes' },
    ],
    [
      'fails while it is loaded',
      "throw new Error('no database')",
      ' cannot be loaded: Error: no database',
    ],
  ])('is one that %s', async (_name, text, expected, written = './x.mjs') => {
    const folder = folderWith({ 'x.mjs': text })
    expect(await refusal(plugin('router', written, folder))).toEqual([
      'CML_ERR_PLUGIN_INVALID',
      join(folder, 'x.mjs') + expected,
    ])
  })

  it('is reported with the cause', async () => {
    const folder = folderWith({ 'x.mjs': "throw new Error('no database')" })
    await expect(plugin('router', './x.mjs', folder)).rejects.toMatchObject({
      cause: { message: 'no database' },
    })
  })

  it('is a module with a syntax error', async () => {
    const text = 'export default {\n  route( {\n'
    const folder = folderWith(packageAt('x', text))
    expect(await refusal(plugin('router', 'x', folder))).toEqual([
      'CML_ERR_PLUGIN_INVALID',
      `x 1.2.3 (${join(folder, 'node_modules/x/main.js')}) cannot be loaded: ` +
        'SyntaxError: Unexpected end of input; run `node` with this file to see where',
    ])
  })

  it('is a module with a missing import', async () => {
    const files = packageAt('x', "import { a } from './b.js'\nexport default a")
    const folder = folderWith({ ...files, 'node_modules/x/b.js': 'export {}' })
    const [code, message] = await refusal(plugin('router', 'x', folder))
    expect(code).toBe('CML_ERR_PLUGIN_INVALID')
    expect(message).toContain("does not provide an export named 'a'")
    expect(message).toContain(`(${join(folder, 'node_modules/x/main.js')}:1)`)
  })

  it('is a package that has no module to load', async () => {
    const folder = folderWith(packageAt('x', '', { exports: { './other': './main.js' } }))
    const [code, message] = await refusal(plugin('router', 'x', folder))
    expect(code).toBe('CML_ERR_PLUGIN_INVALID')
    expect(message).toMatch(/^the package x is installed, but has no module to load: /)
  })

  it('is a package whose module is missing', async () => {
    const folder = folderWith(packageAt('x', '', { exports: './none.js' }))
    const [code, message] = await refusal(plugin('router', 'x', folder))
    expect(code).toBe('CML_ERR_PLUGIN_INVALID')
    expect(message).toMatch(/cannot be loaded: Error: /)
  })

  it.each<[PluginKind, string, string]>([
    ['transport', '{ dial() {} }', 'has nothing as "listen", expected a function'],
    ['codec', '{ encode() {} }', 'has nothing as "payloadBytesMax", expected a number'],
    ['reconnect', '{ delayMs: 5 }', 'has a number as "delayMs", expected a function'],
  ])('is a %s that lacks a part', async (kind, value, lack) => {
    const text = `export default { kind: '${kind}', apiVersion: 1, create: () => (${value}) }`
    const folder = folderWith({ 'x.mjs': text })
    expect(await refusal(plugin(kind, './x.mjs', folder))).toEqual([
      'CML_ERR_PLUGIN_INVALID',
      `${join(folder, 'x.mjs')}: the created value ${lack}`,
    ])
  })

  it("leaves an option that the plugin refuses in the plugin's own words", async () => {
    const codec = plugin('codec', { use: 'len16', maxPayload: '1GiB' }, folderWith({}))
    expect(await refusal(codec)).toEqual([
      'CML_ERR_CONFIG_INVALID',
      'codec len16: maxPayload: expected a size of 1 to 65535 bytes, found "1GiB"',
    ])
  })
})
