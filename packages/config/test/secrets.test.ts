import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { problemsText, readConfig, SECRET_KEYS, shownSpec } from '../src/index.js'
import { alternatives } from '../src/schema/schema-problems.js'
import { fieldNotes } from '../src/schema/fields.js'
import { fileSchema } from '../src/schema/schema.js'
import { folderWith } from '@commloop/test-support/temporary-folder'

/** Not PEM, no file, and without any character that JSON or YAML would escape. */
const SECRET = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7marked'

/** The paths of all keys of the schema; `0` is a position in a list. */
function paths(schema: z.ZodType, path: (string | number)[] = []): (string | number)[][] {
  return alternatives(schema).flatMap((one) => {
    if (one instanceof z.ZodArray) return paths(one.element as z.ZodType, [...path, 0])
    if (!(one instanceof z.ZodObject)) return []
    return Object.entries(one.shape as Record<string, z.ZodType>).flatMap(([key, below]) => [
      [...path, key],
      ...paths(below, [...path, key]),
    ])
  })
}

function isSecret(schema: z.ZodType, [key, ...rest]: readonly (string | number)[]): boolean {
  return alternatives(schema).some((one) => {
    if (one instanceof z.ZodArray) return isSecret(one.element as z.ZodType, rest)
    const below =
      one instanceof z.ZodObject ? (one.shape as Record<string, z.ZodType>)[String(key)] : undefined
    if (below === undefined) return false
    if (rest.length > 0) return isSecret(below, rest)
    const inner = below instanceof z.ZodOptional ? (below.unwrap() as z.ZodType) : below
    return fieldNotes.get(inner)?.secret === true
  })
}

const ALL = paths(fileSchema)
const SECRETS = ALL.filter((path) => isSecret(fileSchema, path))

/** A configuration with this value at the path. */
function withValue([key, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (key === undefined) return value
  const below = withValue(rest, value)
  if (key === 0) return [{ ...ENTRY, ...(below as object) }]
  return key === 'listen' || key === 'metrics'
    ? { [key]: { port: 1, ...(below as object) } }
    : { [key]: below }
}

const ENTRY = { role: 'active', ip: '10.0.0.1', port: 1 }

/** Everything that a reader of the configuration can print. */
async function outputs(text: string): Promise<string> {
  const reading = await readConfig({ cwd: folderWith({ '.commlooprc': text }), env: { S: SECRET } })
  if (reading.ok) return JSON.stringify(reading.config.warnings)
  return JSON.stringify(reading.problems) + (await problemsText(reading.problems))
}

/** Every part of the secret that is long enough to matter. */
function shows(output: string): boolean {
  for (let at = 0; at + 8 <= SECRET.length; at += 4) {
    if (output.includes(SECRET.slice(at, at + 8))) return true
  }
  return false
}

describe('the list of secret keys', () => {
  it('has the keys that the schema marks as secrets, and no others', () => {
    expect(ALL.length).toBeGreaterThan(80)
    expect(new Set(SECRETS.map((path) => path.at(-1)))).toEqual(new Set(SECRET_KEYS))
    expect(SECRETS.map((path) => path.join('.')).sort()).toEqual([
      'links.0.tls.key',
      'listen.0.tls.key',
      'listen.tls.key',
      'metrics.token',
    ])
  })
})

describe.each(SECRETS.map((path) => [path.join('.'), path] as const))('%s', (_name, path) => {
  const key = String(path.at(-1))
  const json = (value: unknown, more: object = {}): string =>
    JSON.stringify({ links: [], ...(withValue(path, value) as object), ...more })
  it.each<[string, string]>([
    ['a value that is not usable', json(SECRET, { relay: 3 })],
    ['a wrong type', json([SECRET])],
    ['a map', json({ inner: SECRET })],
    ['another mistake in the line', json(SECRET, { relay: 3, nodes: SECRET.length })],
    ['a value from the environment', json('${S}', { relay: 3 })],
    ['an unknown variable beside it', json(`${SECRET}\${NONE}`)],
    ['a malformed placeholder', json(`${SECRET}\${a b}`)],
    ['a misspelt key', json(SECRET).replace(`"${key}"`, `"${key}x"`)],
    ['a key written twice', json(SECRET).replace(`"${key}":`, `"${key}":"${SECRET}","${key}":`)],
    ['no end of the text', json(SECRET).slice(0, -4)],
    ['no end of its quotes', json(SECRET).replace(`${SECRET}"`, SECRET)],
    ['an alias without an anchor', json('VALUE').replace('"VALUE"', `*${SECRET} `)],
    ['a tag', json('VALUE').replace('"VALUE"', `!${SECRET} x`)],
    ['several lines', json('VALUE', { relay: 3 }).replace('"VALUE"', `"${SECRET}\n  ${SECRET}"`)],
    [
      'an anchor elsewhere',
      `node: &a ${SECRET}\n${json('VALUE', { relay: 3 }).replace('"VALUE"', '*a ')}`,
    ],
  ])('is not shown with %s', async (_what, text) => {
    expect(shows(text) || text.includes('${S}')).toBe(true)
    const output = await outputs(text)
    expect(output, 'the text has a mistake').toContain('message')
    expect(shows(output), output).toBe(false)
  })
})

describe('the options of a plugin', () => {
  it('are shown without secrets', () => {
    const options = { host: 'a', password: SECRET, deep: [{ apiKey: SECRET, mode: 1 }] }
    const shown = shownSpec({ use: 'own', options })
    expect(shown).toBe(
      '{"deep":[{"apiKey":"***","mode":1}],"host":"a","password":"***","use":"own"}',
    )
  })
})
