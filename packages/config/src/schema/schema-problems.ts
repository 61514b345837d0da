import { z } from 'zod'
import type { ConfigPath } from '../read/config-path.js'
import { entrySchema, fileSchema } from './schema.js'
import { nearest } from '@commloop/core'

/** What the schema has against a file. */
export interface SchemaProblem {
  readonly path: ConfigPath
  readonly message: string
  /** The key is the mistake, not its value. */
  readonly isKey: boolean
}

type Issue = z.core.$ZodIssue

/** Every value that is not as the schema says, and every key that it does not know. */
export function schemaProblems(data: unknown): SchemaProblem[] {
  const result = fileSchema.safeParse(data)
  const found = result.success ? [] : result.error.issues.flatMap((issue) => problemsOf(issue))
  return withoutRepeats([...found, ...listenProblems(data), ...prototypeProblems(data, [])])
}

function problemsOf(issue: Issue, outer: ConfigPath = []): SchemaProblem[] {
  const path = [...outer, ...issue.path].map((key) => (typeof key === 'symbol' ? String(key) : key))
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: unknownKeyText(path, key),
      isKey: true,
    }))
  }
  if (issue.code === 'invalid_union') {
    const meant = meantBranch(issue.errors)
    if (meant !== undefined) return meant.flatMap((inner) => problemsOf(inner, path))
  }
  return [{ path, message: issue.message, isKey: false }]
}

/** The branch of a choice that fits at the top and is wrong only further in: that is what was meant. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return branches.find(
    (issues) =>
      issues.length > 0 &&
      issues.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
  )
}

function unknownKeyText(path: ConfigPath, key: string): string {
  if (key === '$import') return 'a configuration is one file and imports no other'
  const guess = nearest(key, keysAt(path))
  if (guess !== undefined) return `unknown key. Did you mean "${guess}"?`
  if (path.length === 0 && Object.hasOwn(entrySchema.shape, key)) {
    return 'unknown key at the top; it belongs into an entry of "links"'
  }
  if (path.length === 2 && path[0] === 'links' && Object.hasOwn(fileSchema.shape, key)) {
    return 'unknown key in an entry; it belongs to the top of the file'
  }
  return 'unknown key'
}

/** The keys that may stand where the path leads. */
function keysAt(path: ConfigPath): string[] {
  let schemas: z.ZodType[] = [fileSchema]
  for (const key of path) schemas = schemas.flatMap((schema) => schemasBelow(schema, key))
  return schemas.flatMap((schema) => Object.keys(shapeOf(schema)))
}

function schemasBelow(schema: z.ZodType, key: string | number): z.ZodType[] {
  if (schema instanceof z.ZodArray) return alternatives(schema.element as z.ZodType)
  const shape = shapeOf(schema)
  const below = Object.hasOwn(shape, String(key)) ? shape[String(key)] : undefined
  return below === undefined ? [] : alternatives(below)
}

function shapeOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> {
  return schema instanceof z.ZodObject ? schema.shape : {}
}

/** What may stand in one place: the branches of a choice, without the wrapping of an optional key. */
export function alternatives(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodOptional) return alternatives(schema.unwrap() as z.ZodType)
  if (schema instanceof z.ZodUnion) {
    return schema.options.flatMap((option) => alternatives(option as z.ZodType))
  }
  return [schema]
}

/** Other keys are the transport's, but hardly ones that nearly are ours: the transport would complain too late. */
function listenProblems(data: unknown): SchemaProblem[] {
  const listen = isRecord(data) ? data.listen : undefined
  if (!isRecord(listen)) return []
  const own = keysAt(['listen'])
  return Object.keys(listen)
    .filter((key) => !own.includes(key) && nearest(key, own) !== undefined)
    .map((key) => ({
      path: ['listen', key],
      message: unknownKeyText(['listen'], key),
      isKey: true,
    }))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** Where any key is allowed (a plugin's options), this one would still change what the options inherit from. */
function prototypeProblems(value: unknown, path: ConfigPath): SchemaProblem[] {
  if (!isRecord(value)) return []
  return Object.entries(value).flatMap(([key, member]) => {
    const below = [...path, Array.isArray(value) ? Number(key) : key]
    if (key === '__proto__') return [{ path: below, message: 'unknown key', isKey: true }]
    return prototypeProblems(member, below)
  })
}

function withoutRepeats(problems: readonly SchemaProblem[]): SchemaProblem[] {
  const seen = new Set<string>()
  return problems.filter(({ path }) => {
    const key = JSON.stringify(path)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
