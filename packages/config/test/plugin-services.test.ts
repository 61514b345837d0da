import { folderWith } from '@commloop/test-support/temporary-folder'
import { describe, expect, it } from 'vitest'
import type { PluginSide } from '@commloop/core'
import { readConfig } from '../src/load/load-config.js'
import {
  checkPlugin,
  compareSides,
  counterpartOf,
  descriptorsOf,
  payloadLayoutOf,
} from '../src/plugins/plugin-services.js'
import { type ResolvedPlugin, resolvePlugin } from '../src/plugins/resolve-plugin.js'

/** A codec of the user's own, with these optional members. */
function codecModule(members: string): string {
  return `
const codec = { payloadBytesMax: 9, frameBytesMax: () => 9, encode: () => 0, createDecoder() {} }
export default { kind: 'codec', name: 'own', apiVersion: 1, create: () => codec, ${members} }
`
}

async function plugin(members: string): Promise<ResolvedPlugin> {
  const folder = folderWith({ 'own.mjs': codecModule(members) })
  return await resolvePlugin('codec', { use: './own.mjs', options: { width: 3 } }, folder)
}

const USE = { path: ['codec'], node: { links: [] } }
const SIDE: PluginSide = {
  node: 'north',
  role: 'active',
  options: {},
  transportOptions: { tls: {}, fast: true },
  identities: undefined,
  heartbeats: [],
}

function invalid(text: string): Error {
  return expect.objectContaining({
    code: 'CML_ERR_PLUGIN_INVALID',
    message: expect.stringContaining(text) as string,
  }) as Error
}

describe('a plugin without optional members', () => {
  it('has no problems, no comparison, no counterpart and no descriptors', async () => {
    const own = await plugin('')
    expect(checkPlugin(own, USE)).toEqual({ problems: [], warnings: [] })
    expect(compareSides(own, SIDE, SIDE)).toBeUndefined()
    expect(descriptorsOf([own])).toBe(0)
  })

  it('leaves a note if this side has options for its transport', async () => {
    expect(counterpartOf(await plugin(''), SIDE)).toEqual({
      options: {},
      notes: ['our transport has tls, fast: the peer may need that too'],
    })
    expect(counterpartOf(await plugin(''), { ...SIDE, transportOptions: {} }).notes).toEqual([])
  })
})

describe('the optional members of a plugin', () => {
  it.each([
    ['that never settles', '() => new Promise(() => {})'],
    ['that rejects', 'async () => { throw new Error("later") }'],
  ])('must not return a promise %s', async (_, member) => {
    const faulty = ['check', 'compare', 'counterpart', 'descriptors', 'layout'].map(
      (name) => `${name}: ${member}`,
    )
    const own = await plugin(faulty.join(', '))
    const calls = {
      check: () => checkPlugin(own, USE),
      compare: () => compareSides(own, SIDE, SIDE),
      counterpart: () => counterpartOf(own, SIDE),
      descriptors: () => descriptorsOf([own]),
      layout: () => payloadLayoutOf(own),
    }
    for (const [name, call] of Object.entries(calls)) {
      expect(call).toThrow(invalid(`${name}() returned a promise, expected a result`))
    }
  })

  it('get the options, and their results are returned', async () => {
    const own = await plugin(`
      check: ({ width }, { path }) => ({ problems: [], warnings: [{ path, message: 'width ' + width }] }),
      compare: (left, right) => [{ finding: 'own-finding', message: left.node + right.node }],
      counterpart: ({ role }) => ({ options: { role }, notes: ['note'] }),
      descriptors: ({ width }) => 2 * width,
    `)
    expect(checkPlugin(own, USE).warnings).toEqual([{ path: ['codec'], message: 'width 3' }])
    expect(compareSides(own, SIDE, SIDE)).toEqual([
      { finding: 'own-finding', message: 'northnorth' },
    ])
    expect(counterpartOf(own, SIDE)).toEqual({ options: { role: 'active' }, notes: ['note'] })
    expect(descriptorsOf([own, own])).toBe(6)
  })

  it.each([
    ['check: 5', '"check" must be a function, found 5'],
    ['layout: []', '"layout" must be a function, found an object'],
    ['descriptors: {}', '"descriptors" must be a function, found an object'],
  ])('must be functions: %s', async (members, message) => {
    await expect(plugin(members)).rejects.toThrow(invalid(message))
  })

  const throws = "() => { throw new Error('boom') }"
  it.each([
    ['that throw', throws, throws, throws, throws],
    ['that return nothing', '() => {}', '() => {}', '() => {}', '() => {}'],
    [
      'that return something else',
      "() => ({ problems: [{ path: 'codec', message: 'x' }], warnings: [] })",
      "() => [{ message: 'x' }]",
      '() => ({ options: {}, notes: [5] })',
      '() => -1',
    ],
  ])('make the plugin faulty: those %s', async (_, check, compare, counterpart, descriptors) => {
    const own = await plugin(
      `check: ${check}, compare: ${compare}, counterpart: ${counterpart}, descriptors: ${descriptors}`,
    )
    expect(() => checkPlugin(own, USE)).toThrow(invalid('own.mjs: check() '))
    expect(() => compareSides(own, SIDE, SIDE)).toThrow(invalid('own.mjs: compare() '))
    expect(() => counterpartOf(own, SIDE)).toThrow(invalid('own.mjs: counterpart() '))
    expect(() => descriptorsOf([own])).toThrow(invalid('own.mjs: descriptors() '))
  })

  it.each([
    ['throws', "() => { throw new Error('boom') }", 'layout() failed: boom'],
    ['returns a number', '() => 5', 'layout() did not return { fields, read, write, createStamp }'],
    ['leaves out a function', '() => ({ fields: [], read() {}, write() {} })', 'layout() did not'],
  ])('make a codec faulty whose layout %s', async (_, layout, problem) => {
    const own = await plugin(`layout: ${layout}`)
    expect(() => payloadLayoutOf(own)).toThrow(invalid(`own.mjs: ${problem}`))
  })

  it('may say that payloads do not begin with a header', async () => {
    expect(payloadLayoutOf(await plugin('layout: () => undefined'))).toBeUndefined()
    expect(payloadLayoutOf(await plugin(''))).toBeUndefined()
  })

  it('may reject options', async () => {
    const own = await plugin(`compare() {
      throw Object.assign(new Error('width: expected 1'), {
        code: 'CML_ERR_CONFIG_INVALID', [Symbol.for('commloop.CommloopError')]: true,
      })
    }`)
    expect(() => compareSides(own, SIDE, SIDE)).toThrow(
      expect.objectContaining({ code: 'CML_ERR_CONFIG_INVALID' }) as Error,
    )
  })
})

describe('the check of a plugin, while a configuration is read', () => {
  const LINKS = 'links: [{ role: active, ip: 10.0.0.1, port: 1 }]'

  async function read(members: string, text: string): ReturnType<typeof readConfig> {
    const cwd = folderWith({ 'own.mjs': codecModule(members), '.commlooprc': text })
    return await readConfig({ cwd, env: {} })
  }

  it('finds a faulty layout, and what else the plugin has found', async () => {
    const reading = await read(
      `check: (options, { path }) => ({ problems: [{ path, message: 'a problem' }], warnings: [] }),
      layout: () => 5`,
      `codec: ./own.mjs\n${LINKS}\n`,
    )
    const messages = [/a problem/, /layout\(\) did not return/].map((text) => ({
      message: expect.stringMatching(text) as string,
    }))
    expect(reading).toMatchObject({ ok: false, problems: messages })
  })

  it('adds problems at their lines, and prevents the start', async () => {
    const reading = await read(
      `check: (options, { path }) => ({
        problems: [{ path: [...path, 'width'], message: 'expected 1' }], warnings: [],
      })`,
      `codec: { use: ./own.mjs, width: 3 }\n${LINKS}\n`,
    )
    expect(reading).toMatchObject({
      ok: false,
      problems: [{ path: 'codec.width', line: 1, column: 33, message: 'expected 1' }],
    })
  })

  it('is called once for a plugin that several entries share, with the first of them', async () => {
    const entry = 'role: active, ip: 10.0.0.1, codec: { use: ./own.mjs, width: 3 }'
    const reading = await read(
      "check: (options, { path }) => ({ problems: [], warnings: [{ path, message: 'old' }] })",
      `links: [{ port: 1, ${entry} }, { port: 2, ${entry} }]\n`,
    )
    expect(reading.ok && reading.config.warnings).toEqual(['links[0].codec: old'])
  })

  it('is a problem of the plugin if it throws', async () => {
    const reading = await read(
      "check() { throw new Error('boom') }",
      `codec: ./own.mjs\n${LINKS}\n`,
    )
    expect(reading).toMatchObject({
      ok: false,
      problems: [{ code: 'CML_ERR_PLUGIN_INVALID', path: 'codec' }],
    })
  })
})
