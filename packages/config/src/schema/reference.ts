import { z } from 'zod'
import { type FieldNote, fieldNotes } from './fields.js'
import { linkFields } from './link-fields.js'
import { entrySchema, fileSchema } from './schema.js'
import { alternatives } from './schema-problems.js'

/** The text of the JSON schema of `.commlooprc`, for editors. */
export function jsonSchemaText(): string {
  const schema: unknown = z.toJSONSchema(fileSchema, { target: 'draft-7', io: 'input' })
  const { $schema, ...rest } = openToEnvironment(schema) as Record<string, unknown>
  const head = {
    $schema,
    title: 'commloop configuration (.commlooprc)',
    definitions: {
      environment: {
        description: 'Taken from the environment.',
        type: 'string',
        pattern: '\\$\\{[A-Za-z_]',
      },
    },
  }
  const text = JSON.stringify({ ...head, ...rest }, undefined, 2)
  return `${text.replace(PLAIN_LIST, onOneLine)}\n`
}

/** A list of words or numbers, one per line. */
const PLAIN_LIST = /^(?<head>.*)\[\n(?<items>[^[\]{}]*?)\n\s*\]/gm
const LINE_LENGTH_MAX = 100

/** Puts a list on one line, as the formatter of this repository does. */
function onOneLine(list: string, head: string, items: string): string {
  const line = `${head}[${items.trim().replace(/\n\s*/g, ' ')}]`
  return line.length < LINE_LENGTH_MAX ? line : list
}

/** Allows the text `${NAME}` for a number or a word, because the environment is filled in later. */
function openToEnvironment(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(openToEnvironment)
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === 'properties'
        ? openProperties(value as Record<string, JsonSchema>)
        : inner(key, value),
    ]),
  )
}

type JsonSchema = Readonly<Record<string, unknown>>

function openProperties(properties: Readonly<Record<string, JsonSchema>>): object {
  return Object.fromEntries(
    Object.entries(properties).map(([key, schema]) => {
      const { description, examples, ...rest } = openToEnvironment(schema) as JsonSchema
      const known = {
        ...(description === undefined ? {} : { description }),
        ...(examples === undefined ? {} : { examples }),
      }
      const isOpen = rest.type === 'object' || rest.type === 'array' || isAnyText(rest)
      if (isOpen) return [key, { ...known, ...rest }]
      return [key, { ...known, anyOf: [rest, { $ref: '#/definitions/environment' }] }]
    }),
  )
}

/** Whether any text is allowed already. */
function isAnyText(schema: JsonSchema): boolean {
  if (Object.keys(schema).length === 0) return true
  return schema.type === 'string' && schema.pattern === undefined && schema.enum === undefined
}

/** Examples and enumerations are data, not schemas. */
function inner(key: string, value: unknown): unknown {
  return key === 'examples' || key === 'enum' ? value : openToEnvironment(value)
}

const TABLE_HEAD = '| key | type | default | limits | meaning |\n| --- | --- | --- | --- | --- |'

/** The tables of `docs/configuration.md`, by the names of their places in the page. */
export function referenceTables(): ReadonlyMap<string, string> {
  const linkKeys = new Set(Object.keys(linkFields))
  const top = keysOf(fileSchema, (key) => !linkKeys.has(key))
  const ofEntries = keysOf(entrySchema, (key) => !linkKeys.has(key))
  const tables = new Map([
    ['top', tableOf(top)],
    ['entry', tableOf(ofEntries)],
    ['link', tableOf(Object.entries(linkFields))],
  ])
  for (const [key, schema] of [...top, ...ofEntries, ...Object.entries(linkFields)]) {
    const map = alternatives(schema).find((option) => option instanceof z.ZodObject)
    // The keys of a plugin are not known here.
    if (map === undefined || 'use' in map.shape || Object.keys(map.shape).length === 0) continue
    tables.set(key, tableOf(keysOf(map, () => true)))
  }
  return tables
}

type Keys = [string, z.ZodType][]

function keysOf(schema: z.ZodObject, isWanted: (key: string) => boolean): Keys {
  return (Object.entries(schema.shape) as Keys).filter(([key]) => isWanted(key))
}

function tableOf(keys: readonly (readonly [string, z.ZodType])[]): string {
  return [TABLE_HEAD, ...keys.map(([key, schema]) => rowOf(key, noteOf(schema)))].join('\n')
}

function noteOf(schema: z.ZodType): FieldNote | undefined {
  const inside = schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema
  return fieldNotes.get(inside)
}

function rowOf(key: string, note: FieldNote | undefined): string {
  if (note === undefined) throw new Error(`the key "${key}" is not described`)
  const cells = [`\`${key}\``, note.type, note.default, note.limits, note.text]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

const PLACE = /<!-- keys: (?<name>[\w]+) -->\n[^]*?<!-- end -->/g

/** The page with its tables brought up to date. */
export function withReferenceTables(page: string): string {
  const tables = referenceTables()
  const unused = new Set(tables.keys())
  const filled = page.replace(PLACE, (_place, name: string) => {
    const table = tables.get(name)
    if (table === undefined) throw new Error(`table "${name}" does not exist`)
    unused.delete(name)
    return `<!-- keys: ${name} -->\n\n${table}\n\n<!-- end -->`
  })
  const [missing] = unused
  if (missing !== undefined) throw new Error(`the page has no place for the table "${missing}"`)
  return filled
}
