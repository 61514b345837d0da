import { durationMs } from '@commloop/core'
import { isLogLevel, LOG_LEVEL_DEFAULT } from '../logging/log-level.js'
import type { RunRequest } from './run-command.js'
import { UsageError } from '../command-line/usage-error.js'

/** What was written on the command line, as it was written. */
export interface RunOptions {
  readonly config?: string
  readonly logLevel?: string
  readonly stdio?: boolean
  readonly text?: boolean
  readonly keepOpen?: boolean
  readonly drain?: string
}

const DRAIN_MS_DEFAULT = 30_000

/** @throws UsageError */
export function runRequest(
  options: RunOptions,
  version: string,
  process: { readonly env: NodeJS.ProcessEnv; cwd(): string },
): RunRequest {
  const { config, logLevel = LOG_LEVEL_DEFAULT } = options
  if (!isLogLevel(logLevel)) throw new UsageError(`unknown log level "${logLevel}"`)
  const { env } = process
  return { cwd: process.cwd(), env, config, logLevel, version, stdio: stdioOf(options) }
}

function stdioOf({ stdio, text, keepOpen, drain }: RunOptions): RunRequest['stdio'] {
  if (stdio !== true) {
    const needing = { '--text': text, '--keep-open': keepOpen, '--drain': drain }
    const [option] = Object.entries(needing).find(([, value]) => value !== undefined) ?? []
    if (option === undefined) return undefined
    throw new UsageError(`${option} belongs to --stdio: commloop run --stdio ${option}`)
  }
  return { text: text ?? false, keepOpen: keepOpen ?? false, drainMs: drainMsOf(drain) }
}

function drainMsOf(drain: string | undefined): number {
  if (drain === undefined) return DRAIN_MS_DEFAULT
  const ms = durationMs(drain)
  if (ms !== undefined) return ms
  throw new UsageError(`--drain: expected a duration such as 500ms, 30s or 5m, found "${drain}"`)
}
