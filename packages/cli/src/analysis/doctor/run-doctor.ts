import { CommloopError } from '@commloop/core'
import type { CommandIo } from '../command-line/command-io.js'
import { type PlacedProblem, problemsText, readConfig } from '@commloop/config'
import { textColumns } from '../terminal/text-columns.js'
import { EXIT } from '../command-line/exit-codes.js'
import { visibleText } from '../terminal/escape-control-chars.js'
import { type DoctorFinding, doctorFinding } from '../analysis/doctor/doctor-finding.js'
import { examine, type Examination } from '../analysis/doctor/diagnose.js'
import { exitCodeOf } from '../command-line/failure.js'
import type { NodeRequest } from '../running-node/running-node.js'
import type { NodeReporter } from '../running-node/node-report.js'

export interface DoctorRequest extends NodeRequest {
  readonly json: boolean
  /** Opens a connection to each peer that an active entry names. */
  readonly dial: boolean
}

const FIX_CONFIG = 'Correct the file; `commloop check` lists the same. Nothing else was looked at.'

/** `commloop doctor`: says what is wrong with configuration, machine, running node and peers, and what to do. */
export async function doctorCommand(
  request: DoctorRequest,
  report: NodeReporter,
  io: CommandIo,
): Promise<number> {
  const { cwd, env, config: file, control, json, dial } = request
  try {
    const reading = await readConfig({ cwd, env, file })
    if (!reading.ok) {
      tellBadConfig(reading.file, reading.problems, json, io)
      return EXIT.CONFIG_INVALID
    }
    const { config } = reading
    const node = await report({ cwd, env, config: file, control })
    const examination = await examine(config, node, dial)
    const sick = examination.findings.some(({ weight }) => weight === 'wrong')
    if (json) writeJson(io, { ok: !sick, file: config.file, ...examination })
    else io.stdout.write(examinationText(config.name, examination))
    return sick ? EXIT.INCOMPLETE : EXIT.OK
  } catch (error) {
    // What a node answers, or that the one whose socket was named does not, is no finding about the configuration.
    if (!CommloopError.is(error) || exitCodeOf(error) !== EXIT.CONFIG_INVALID) throw error
    const { code, message } = error
    if (json) writeJson(io, badConfig(null, [`${code}: ${message}`]))
    else io.stderr.write(`${code}: ${message}\n`)
    return EXIT.CONFIG_INVALID
  }
}

function tellBadConfig(
  file: string,
  problems: readonly PlacedProblem[],
  json: boolean,
  io: CommandIo,
): void {
  if (json) {
    const texts = problems.map(({ file: name, line, column, path, message }) => {
      const what = path === '' ? message : `${path}: ${message}`
      return `${name}:${String(line)}:${String(column)} ${what}`
    })
    writeJson(io, badConfig(file, texts))
  } else {
    io.stderr.write(`${problemsText(problems)}\n${FIX_CONFIG}\n`)
  }
}

function badConfig(file: string | null, problems: readonly string[]): object {
  const findings = problems.map((text) => doctorFinding('config-problem', null, text, FIX_CONFIG))
  return { ok: false, file, pid: null, findings, lookedAt: ['the configuration'], notLookedAt: [] }
}

function writeJson(io: CommandIo, value: object): void {
  io.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
}

function examinationText(name: string, examination: Examination): string {
  const { pid, findings, lookedAt, notLookedAt } = examination
  const running = pid === null ? '' : ` It runs, as process ${String(pid)}.`
  const wrong = findings.filter(({ weight }) => weight === 'wrong')
  const notices = findings.filter(({ weight }) => weight === 'notice')
  return [
    `${name}: ${verdict(wrong.length, notices.length)}.${running}\n`,
    section('Wrong', wrong),
    section('Notices', notices),
    `\nLooked at: ${lookedAt.join(', ')}\n`,
    ...(notLookedAt.length === 0
      ? []
      : ['Not looked at\n', `${textColumns(notLookedAt.map((line) => [line]))}\n`]),
  ].join('')
}

function verdict(wrong: number, notices: number): string {
  const noticed = notices === 0 ? '' : `, ${String(notices)} to know`
  if (wrong === 0) return `nothing is wrong${noticed}`
  return (wrong === 1 ? '1 thing is wrong' : `${String(wrong)} things are wrong`) + noticed
}

/** The name of a finding is what `docs/doctor.md` is searched for. What a peer said is made harmless. */
function section(title: string, findings: readonly DoctorFinding[]): string {
  if (findings.length === 0) return ''
  const rows = findings.flatMap(({ finding, about, message, advice }) => [
    [finding, visibleText(about === null ? message : `${about}: ${message}`)],
    ['', advice],
  ])
  return `\n${title}\n${textColumns(rows)}\n`
}
