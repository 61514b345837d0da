import type { EntryOptions } from './node-options.js'
import type { OptionReader } from './option-reader.js'

export interface EntryName {
  readonly id: string
  /** If the entry has no id: `<role>-<ip>[:port]`, from which its id is derived and which several entries may share. */
  readonly derivedFrom: string | undefined
}

/**
 * The id of each entry: its own, or `<role>-<ip>[:port]`, with `-2`, `-3` … for repeats. Commands and routes name links
 * by these ids; there, a number is an index, `/` separates entry and slot, and `*` means every link.
 */
export function nameEntries(reader: OptionReader, entries: readonly EntryOptions[]): EntryName[] {
  const taken = new Set(entries.map((entry) => entry.id).filter((id) => id !== undefined))
  const first = new Map<string, number>()
  return entries.map((entry, index) => {
    if (entry.id === undefined) return derivedName(entry, taken)
    checkName(reader, ['links', index, 'id'], entry.id)
    const earlier = first.get(entry.id)
    if (earlier === undefined) first.set(entry.id, index)
    else
      reader.problem(
        ['links', index, 'id'],
        `"${entry.id}" is already the id of links[${String(earlier)}]`,
      )
    return { id: entry.id, derivedFrom: undefined }
  })
}

function derivedName(entry: EntryOptions, taken: Set<string>): EntryName {
  const place = [entry.ip ?? entry.host ?? 'unnamed'].flat().join('+').replaceAll('/', '_')
  const base = `${entry.role}-${place}${entry.port === undefined ? '' : `:${String(entry.port)}`}`
  let name = base
  for (let repeat = 2; taken.has(name); repeat++) name = `${base}-${String(repeat)}`
  taken.add(name)
  return { id: name, derivedFrom: base }
}

function checkName(reader: OptionReader, path: readonly (string | number)[], id: string): void {
  if (/^\d*$/.test(id)) {
    reader.problem(
      path,
      `expected an id that is not all digits, found "${id}": a number is an index`,
    )
  } else if (/[/*\s]/.test(id)) {
    reader.problem(path, `expected an id without "/", "*" and blanks, found "${id}"`)
  }
}

/** `furnace` for one slot; `cell/1`, `cell/2` … for several. */
export function linkIdsOf(id: string, slots: number): string[] {
  if (slots === 1) return [id]
  return Array.from({ length: slots }, (_, at) => `${id}/${String(at + 1)}`)
}
