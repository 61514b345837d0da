import type { PluginOptions } from '@commloop/core'
import { blockYaml, builtinNames } from '@commloop/config'
import { type FramePart, type Framing, framing, FRAMINGS, hexBytes } from '@commloop/framings'
import { nearest } from '@commloop/core'
import type { CommandIo } from '../../command-line/command-io.js'
import { EXIT } from '../../command-line/exit-codes.js'
import { UsageError } from '../../command-line/usage-error.js'
import { tableBlock } from '../../terminal/table.js'
import { frameDrawing } from './frame-drawing.js'

/** The codecs that are not the name of a protocol. Their options are described in the pages. */
const GENERAL_CODECS: Readonly<Record<string, string>> = {
  len16: 'the default: 2-byte length, then the payload',
  'length-field': 'frames whose header says how long they are; takes every option of this family',
  fixed: 'frames that all have the same size',
  delimited: 'frames between delimiters, with escapes and checksums',
}

/** Prints every codec that a configuration can name without an installation. */
export function printCodecs(json: boolean, { stdout }: CommandIo): number {
  if (json) {
    const names = builtinNames('codec')
    stdout.write(`${JSON.stringify(names.map((name) => framing(name) ?? general(name)))}\n`)
    return EXIT.OK
  }
  const rows = FRAMINGS.map(({ name, title }) => [name, title])
  stdout.write(`General codecs\n${tableBlock(Object.entries(GENERAL_CODECS))}`)
  stdout.write(`\nNames of known protocols\n${tableBlock(rows)}`)
  stdout.write(
    '\n`commloop codecs NAME` shows the options, a frame, samples and limits of one of them.\n',
  )
  return EXIT.OK
}

/** Prints what a name stands for. @throws UsageError for a name that is not built in */
export async function printCodec(
  name: string,
  json: boolean,
  { stdout }: CommandIo,
): Promise<number> {
  const found = framing(name)
  const title = GENERAL_CODECS[name]
  if (found === undefined && title === undefined) throw new UsageError(unknownText(name))
  if (json) stdout.write(`${JSON.stringify(found ?? general(name))}\n`)
  else if (found === undefined) stdout.write(`${name}: ${title ?? ''}\n`)
  else stdout.write(`${(await framingLines(found)).join('\n')}\n`)
  return EXIT.OK
}

function general(name: string): object {
  return { name, title: GENERAL_CODECS[name] ?? '' }
}

function unknownText(name: string): string {
  const guess = nearest(name, builtinNames('codec'))
  const remedy = guess === undefined ? '`commloop codecs` lists all' : `did you mean "${guess}"?`
  return `there is no built-in codec "${name}": ${remedy}`
}

async function framingLines(found: Framing): Promise<readonly string[]> {
  const { name, title, codec, options, open, source, samples, heartbeat, notes } = found
  const yaml = blockYaml({ codec: { use: codec, ...options } })
  return [
    `${name}: ${title}`,
    ...block('In a configuration', [`codec: ${name}`]),
    ...block('It stands for', yaml.split('\n')),
    ...block('You may also set', [open.join(', ')]),
    ...block('Frame', [...frameDrawing(await partsOf(found)), keptText(options)]),
    ...samples.flatMap(({ about, frame, payload, encodes }) =>
      block(`Sample: ${about}`, [
        `frame    ${pairs(frame)}`,
        `payload  ${pairs(payload)}`,
        ...(encodes === undefined ? [] : [`to send  ${pairs(encodes)}`]),
      ]),
    ),
    ...(heartbeat === undefined
      ? []
      : block('Heartbeat that peers expect', heartbeatLines(heartbeat))),
    ...block('Source', [source]),
    ...(notes.length === 0 ? [] : block('Good to know', notes)),
  ]
}

function block(title: string, lines: readonly string[]): readonly string[] {
  return ['', title, ...lines.map((line) => `  ${line}`.trimEnd())]
}

const PARTS: Readonly<Record<string, (options: PluginOptions) => Promise<readonly FramePart[]>>> = {
  'length-field': async (options) =>
    (await import('@commloop/codec-length-field')).lengthFieldParts(options),
  fixed: async (options) => (await import('@commloop/codec-length-field')).fixedParts(options),
  delimited: async (options) => (await import('@commloop/codec-delimited')).delimitedParts(options),
}

async function partsOf({ codec, options }: Framing): Promise<readonly FramePart[]> {
  return (await PARTS[codec]?.(options)) ?? []
}

const KEPT: Readonly<Record<string, string>> = {
  header: 'The payload is the header and the body.',
  frame: 'The payload is the whole frame.',
}

function keptText({ keep }: PluginOptions): string {
  return KEPT[String(keep)] ?? 'The payload is the body.'
}

function heartbeatLines({ payload, answer, every }: NonNullable<Framing['heartbeat']>): string[] {
  const bytes = (hex: string): object => ({ hex: pairs(hex).replaceAll(' ', '') })
  const written = {
    every,
    payload: bytes(payload),
    ...(answer === undefined ? {} : { answer: bytes(answer) }),
  }
  return blockYaml({ heartbeat: written }).split('\n')
}

/** The most bytes of a sample that are shown. */
const SHOWN_BYTES_MAX = 64

function pairs(hex: string): string {
  const bytes = hexBytes(hex) ?? new Uint8Array(0)
  const shown = Array.from(bytes.subarray(0, SHOWN_BYTES_MAX), (byte) =>
    byte.toString(16).padStart(2, '0'),
  )
  const more = bytes.length - shown.length
  return more > 0 ? `${shown.join(' ')} … (${String(more)} more bytes)` : shown.join(' ')
}
