import { type Diagnostic, problemsText, readConfig } from '@commloop/config'
import { CommloopError } from '@commloop/core'
import type { CommandIo } from '../../command-line/command-io.js'
import { EXIT } from '../../command-line/exit-codes.js'
import { exitCodeOf } from '../../command-line/failure.js'
import type { NodeRequest } from '../../command-line/node-command.js'
import type { NodeReporter } from '../../running-node/node-report.js'
import { diagnose } from './diagnose.js'
import { doctorFinding } from './doctor-finding.js'
import { diagnosisText } from './diagnosis-text.js'

export interface DoctorRequest extends NodeRequest {
  readonly json: boolean
  /** Open a connection to the peer of each active entry. */
  readonly dial: boolean
}

const FIX_CONFIG = 'Correct the file; `commloop check` lists the same. Nothing else was checked.'

/** Finds problems of configuration, machine, running node and peers, and prints them with remedies. */
export async function runDoctor(
  request: DoctorRequest,
  report: NodeReporter,
  io: CommandIo,
): Promise<number> {
  const { cwd, env, config: file, control, json, dial } = request
  try {
    const reading = await readConfig({ cwd, env, file })
    if (!reading.ok) {
      await writeBadConfig(reading.file, reading.problems, json, io)
      return EXIT.CONFIG_INVALID
    }
    const { config } = reading
    const node = await report({ cwd, env, config: file, control })
    const diagnosis = await diagnose(config, node, dial)
    const sick = diagnosis.findings.some(({ weight }) => weight === 'wrong')
    if (json) writeJson(io, { ok: !sick, file: config.file, ...diagnosis })
    else io.stdout.write(diagnosisText(config.name, diagnosis))
    return sick ? EXIT.INCOMPLETE : EXIT.OK
  } catch (error) {
    // An error from a node, or no node at the socket given with `--control`, is not a finding about the configuration.
    if (!CommloopError.is(error) || exitCodeOf(error) !== EXIT.CONFIG_INVALID) throw error
    const { code, message } = error
    if (json) writeJson(io, badConfig(null, [`${code}: ${message}`]))
    else io.stderr.write(`${code}: ${message}\n`)
    return EXIT.CONFIG_INVALID
  }
}

async function writeBadConfig(
  file: string,
  problems: readonly Diagnostic[],
  json: boolean,
  io: CommandIo,
): Promise<void> {
  if (json) {
    const texts = problems.map(({ file: name, line, column, path, message }) => {
      const what = path === '' ? message : `${path}: ${message}`
      return `${name}:${String(line)}:${String(column)} ${what}`
    })
    writeJson(io, badConfig(file, texts))
  } else {
    io.stderr.write(`${await problemsText(problems)}\n${FIX_CONFIG}\n`)
  }
}

function badConfig(file: string | null, problems: readonly string[]): object {
  const findings = problems.map((text) => doctorFinding('config-problem', null, text, FIX_CONFIG))
  return { ok: false, file, pid: null, findings, lookedAt: ['the configuration'], notLookedAt: [] }
}

function writeJson(io: CommandIo, value: object): void {
  io.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
}
