import type { EntryOptions } from './node-options.js'
import { invisibleCharacter, lookOf } from '../text/look-alike.js'
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
  const repeats = new Map<string, number>()
  warnOfLookAlikes(reader, entries)
  return entries.map((entry, index) => {
    if (entry.id === undefined) return derivedName(entry, taken, repeats)
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

/** @param repeats the number that the next entry with the same base may have */
function derivedName(
  entry: EntryOptions,
  taken: Set<string>,
  repeats: Map<string, number>,
): EntryName {
  const place = [entry.ip ?? entry.host ?? 'unnamed'].flat().join('+').replaceAll('/', '_')
  const base = `${entry.role}-${place}${entry.port === undefined ? '' : `:${String(entry.port)}`}`
  let name = base
  let repeat = repeats.get(base) ?? 2
  while (taken.has(name)) name = `${base}-${String(repeat++)}`
  repeats.set(base, repeat)
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
  const invisible = invisibleCharacter(id)
  if (invisible !== undefined) {
    reader.problem(path, `contains ${invisible}, which is invisible or changes the text around it`)
  }
}

/** Warns of ids that are different and look the same, because an operator would take one for the other. */
function warnOfLookAlikes(reader: OptionReader, entries: readonly EntryOptions[]): void {
  const firsts = new Map<string, { readonly id: string; readonly index: number }>()
  for (const [index, { id }] of entries.entries()) {
    if (id === undefined) continue
    const look = lookOf(id)
    const first = firsts.get(look)
    if (first === undefined) firsts.set(look, { id, index })
    else if (first.id !== id) {
      reader.warning(
        ['links', index, 'id'],
        `looks like the id of links[${String(first.index)}], and has other characters ` +
          `(${differenceText(id, first.id)}): write both in one alphabet`,
      )
    }
  }
}

/** `U+0430 instead of U+0061`, for the first character that differs. */
function differenceText(id: string, other: string): string {
  const characters = Array.from(id)
  const others = Array.from(other)
  const at = characters.findIndex((character, index) => character !== others[index])
  return `${codeText(characters[at])} instead of ${codeText(others[at])}`
}

function codeText(character = ''): string {
  const code = character.codePointAt(0)
  return code === undefined ? 'nothing' : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}

/** `furnace` for one slot; `cell/1`, `cell/2` … for several. */
export function linkIdsOf(id: string, slots: number): string[] {
  if (slots === 1) return [id]
  return Array.from({ length: slots }, (_, at) => `${id}/${String(at + 1)}`)
}
