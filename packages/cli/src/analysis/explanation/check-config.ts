import { type Diagnostic, problemsText, readConfig } from '@commloop/config'
import { CommloopError } from '@commloop/core'
import { processLimits } from '@commloop/metrics'
import type { CommandIo } from '../../command-line/command-io.js'
import { EXIT } from '../../command-line/exit-codes.js'
import { type CompareRequest, reportCompatibility } from '../compatibility/report.js'
import { explainConfig } from './explanation.js'
import { explanationText } from './explanation-text.js'

export interface CheckRequest {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The file given with `--config`. */
  readonly config?: string | undefined
  readonly json: boolean
  /** Set: compare with the configuration of a peer. */
  readonly peer?: Pick<CompareRequest, 'peerFile' | 'at' | 'peerAt'> | undefined
}

/** Prints the explanation of a configuration, or all of its mistakes. @returns the exit code */
export async function checkConfig(request: CheckRequest, io: CommandIo): Promise<number> {
  const { cwd, env, config: file, json } = request
  try {
    const reading = await readConfig({ cwd, env, file })
    if (!reading.ok) {
      const { problems, warnings } = reading
      if (json)
        writeJson(io, { ok: false, file: reading.file, problems: problemsJson(problems), warnings })
      else io.stderr.write(`${await problemsText(problems)}\n${countText(problems)}\n`)
      return EXIT.CONFIG_INVALID
    }
    if (request.peer !== undefined) {
      return await reportCompatibility(reading.config, { cwd, env, json, ...request.peer }, io)
    }
    const explanation = explainConfig(reading.config, processLimits())
    if (json) writeJson(io, { ok: true, ...explanation })
    else io.stdout.write(explanationText(explanation, reading.config.name))
    return EXIT.OK
  } catch (error) {
    if (!CommloopError.is(error)) throw error
    const { code, message } = error
    const problem = { code, file: null, line: null, column: null, path: null, message }
    if (json) writeJson(io, { ok: false, file: null, problems: [problem], warnings: [] })
    else io.stderr.write(`${code}: ${message}\n`)
    return EXIT.CONFIG_INVALID
  }
}

function writeJson(io: CommandIo, value: object): void {
  io.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
}

function problemsJson(problems: readonly Diagnostic[]): object[] {
  return problems.map(({ code, file, line, column, path, message }) => ({
    code,
    file,
    line,
    column,
    path,
    message,
  }))
}

function countText({ length }: readonly Diagnostic[]): string {
  return length === 1
    ? '1 problem; the node would not start'
    : `${String(length)} problems; the node would not start`
}
