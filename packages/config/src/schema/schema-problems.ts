import { z } from 'zod'
import { nearest } from '@commloop/core'
import { isMap } from '../is-map.js'
import type { ConfigPath } from '../read/config-path.js'
import type { FileProblem } from '../read/file-problem.js'
import { entrySchema, fileSchema } from './schema.js'

type Issue = z.core.$ZodIssue

/** Every value that does not match the schema, and every unknown key. */
export function schemaProblems(data: unknown): FileProblem[] {
  const result = fileSchema.safeParse(data)
  const found = result.success ? [] : result.error.issues.flatMap((issue) => problemsOf(issue))
  return withoutRepeats([...found, ...listenProblems(data), ...prototypeProblems(data, [])])
}

function problemsOf(issue: Issue, outer: ConfigPath = []): FileProblem[] {
  const path = [...outer, ...issue.path].map((key) => (typeof key === 'symbol' ? String(key) : key))
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(path)
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: unknownKeyText(path, key, known),
      isKey: true,
    }))
  }
  if (issue.code === 'invalid_union') {
    const meant = meantBranch(issue.errors)
    if (meant !== undefined) return meant.flatMap((inner) => problemsOf(inner, path))
  }
  return [{ path, message: issue.message, isKey: false }]
}

/** The branch of a union that matches at the top and fails only deeper: the user meant that one. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  return branches.find(
    (issues) =>
      issues.length > 0 &&
      issues.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
  )
}

function unknownKeyText(path: ConfigPath, key: string, known: readonly string[]): string {
  if (key === '$import') return 'a configuration is a single file and cannot import others'
  const guess = nearest(key, known)
  if (guess !== undefined) return `unknown key. Did you mean "${guess}"?`
  if (path.length === 0 && Object.hasOwn(entrySchema.shape, key)) {
    return 'unknown key at the top; it belongs in an entry of "links"'
  }
  if (path.length === 2 && path[0] === 'links' && Object.hasOwn(fileSchema.shape, key)) {
    return 'unknown key in an entry; it belongs at the top of the file'
  }
  return 'unknown key'
}

/** The known keys of the map at the path. */
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

/** The schemas of one place: the branches of a union, without the wrapper of an optional key. */
export function alternatives(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodOptional) return alternatives(schema.unwrap() as z.ZodType)
  if (schema instanceof z.ZodUnion) {
    return schema.options.flatMap((option) => alternatives(option as z.ZodType))
  }
  return [schema]
}

/**
 * Other keys belong to the transport. A key that resembles one of ours is a typing mistake, reported here and not
 * later.
 */
function listenProblems(data: unknown): FileProblem[] {
  const listen = isMap(data) ? data.listen : undefined
  if (!Array.isArray(listen)) return listenerProblems(listen, ['listen'])
  return listen.flatMap((place, index) => listenerProblems(place, ['listen', index]))
}

function listenerProblems(place: unknown, path: ConfigPath): FileProblem[] {
  if (!isMap(place)) return []
  const own = keysAt(path)
  return Object.keys(place)
    .filter((key) => !own.includes(key) && nearest(key, own) !== undefined)
    .map((key) => ({ path: [...path, key], message: unknownKeyText(path, key, own), isKey: true }))
}

/** `__proto__` would change the prototype of a map, so it is not allowed, even among the options of a plugin. */
function prototypeProblems(value: unknown, path: ConfigPath): FileProblem[] {
  if (!isMap(value)) return []
  return Object.entries(value).flatMap(([key, member]) => {
    const below = [...path, Array.isArray(value) ? Number(key) : key]
    if (key === '__proto__') return [{ path: below, message: 'unknown key', isKey: true }]
    return prototypeProblems(member, below)
  })
}

function withoutRepeats(problems: readonly FileProblem[]): FileProblem[] {
  const seen = new Set<string>()
  return problems.filter(({ path }) => {
    const key = JSON.stringify(path)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
