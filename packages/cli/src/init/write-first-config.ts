import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { CommloopError, messageText, visibleText } from '@commloop/core'
import type { CommandIo } from '../command-line/command-io.js'
import { askForConfig } from './config-dialogue.js'
import {
  configText,
  findConfig,
  type NewConfig,
  problemsText,
  readLegacyTable,
  readRegularFile,
  TEMPLATE,
} from '@commloop/config'
import { EXIT } from '../command-line/exit-codes.js'

export interface InitRequest {
  readonly cwd: string
  /** A table in the older JSON format, which is converted. */
  readonly from?: string | undefined
}

export interface InitIo extends CommandIo {
  /** The user is asked if this is a terminal. */
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
}

const FILE = '.commlooprc'
/** Characters of a message on stderr. A list of the mistakes in a table is long. */
const MESSAGE_LENGTH_MAX = 64 * 1024
const LISTEN_COMMENT = 'the table has no listen address: set the port that the peers dial'

/** Writes a first configuration. Never replaces an existing one. @returns the exit code */
export async function writeFirstConfig(request: InitRequest, io: InitIo): Promise<number> {
  const existing = await existingConfig(request.cwd)
  if (existing !== undefined) {
    io.stderr.write(`${existing}\n`)
    return EXIT.CONFIG_INVALID
  }
  const config = await newConfig(request, io)
  if (config === undefined) return EXIT.CONFIG_INVALID
  return await write(request.cwd, config, io)
}

/** Why the file must not be written: with two configurations in one folder, every command fails. */
async function existingConfig(cwd: string): Promise<string | undefined> {
  try {
    const { file } = await findConfig({ cwd, env: {} })
    return `${visibleText(file)} already exists; nothing was written`
  } catch (error) {
    if (!CommloopError.is(error)) throw error
    return error.code === 'CML_ERR_CONFIG_NOT_FOUND' ? undefined : `${error.code}: ${error.message}`
  }
}

async function newConfig(request: InitRequest, io: InitIo): Promise<NewConfig | undefined> {
  if (request.from !== undefined) return await convert(resolve(request.cwd, request.from), io)
  if (io.stdin.isTTY !== true) return TEMPLATE
  const config = await dialogue(io)
  if (config === undefined) io.stderr.write('\nnothing was written\n')
  return config
}

/** As for a configuration. */
const TABLE_BYTES_MAX = 1024 * 1024

async function convert(file: string, io: InitIo): Promise<NewConfig | undefined> {
  let content: Buffer
  try {
    content = readRegularFile(file, file, TABLE_BYTES_MAX, 'table').bytes
  } catch (error) {
    io.stderr.write(`${messageText(error, MESSAGE_LENGTH_MAX)}\n`)
    return undefined
  }
  const table = readLegacyTable(file, content)
  if (!table.ok) {
    io.stderr.write(`${await problemsText(table.problems)}\nnothing was written\n`)
    return undefined
  }
  const listens = table.entries.some(({ role }) => role === 'passive')
  return {
    listen: listens ? { host: '0.0.0.0', port: 8000, comment: LISTEN_COMMENT } : undefined,
    links: table.entries,
  }
}

async function dialogue(io: InitIo): Promise<NewConfig | undefined> {
  const reader = createInterface({ input: io.stdin })
  const lines: AsyncIterator<string, undefined> = reader[Symbol.asyncIterator]()
  try {
    return await askForConfig(
      async (question) => {
        io.stdout.write(question)
        const { done, value } = await lines.next()
        return done === true ? undefined : value.trim()
      },
      (text) => io.stdout.write(`${text}\n`),
    )
  } finally {
    reader.close()
  }
}

async function write(cwd: string, config: NewConfig, io: InitIo): Promise<number> {
  const file = join(cwd, FILE)
  try {
    // `wx` fails if the file exists by now. 0o644: not writable by other users, even without a umask.
    await writeFile(file, configText(config), { flag: 'wx', mode: 0o644 })
  } catch (error) {
    io.stderr.write(`${messageText(error, MESSAGE_LENGTH_MAX)}\n`)
    return EXIT.CONFIG_INVALID
  }
  const count = config.links.length === 1 ? '1 entry' : `${String(config.links.length)} entries`
  io.stdout.write(`wrote ${visibleText(file)} with ${count}; \`commloop check\` explains it\n`)
  return EXIT.OK
}
