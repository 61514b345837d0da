import { visibleText } from '@commloop/core'
import { tableBlock } from '../../terminal/table.js'
import type { Diagnosis } from './diagnose.js'
import type { DoctorFinding } from './doctor-finding.js'

/** The result of a diagnosis. `name` is the configuration file as the user would type it. */
export function diagnosisText(name: string, diagnosis: Diagnosis): string {
  const { pid, findings, lookedAt, notLookedAt } = diagnosis
  const running = pid === null ? '' : ` Running as process ${String(pid)}.`
  const wrong = findings.filter(({ weight }) => weight === 'wrong')
  const notices = findings.filter(({ weight }) => weight === 'notice')
  return [
    `${visibleText(name)}: ${verdict(wrong.length, notices.length)}.${running}\n`,
    section('Wrong', wrong),
    section('Notices', notices),
    `\nChecked: ${visibleText(lookedAt.join(', '))}\n`,
    ...(notLookedAt.length === 0
      ? []
      : ['Not checked\n', tableBlock(notLookedAt.map((line) => [line]))]),
  ].join('')
}

function verdict(wrong: number, notices: number): string {
  const problems =
    wrong === 0 ? 'no problems' : wrong === 1 ? '1 problem' : `${String(wrong)} problems`
  if (notices === 0) return problems
  return `${problems}, ${notices === 1 ? '1 notice' : `${String(notices)} notices`}`
}

/** Starts with the name of each finding, which is the term to search for in `docs/doctor.md`. */
function section(title: string, findings: readonly DoctorFinding[]): string {
  if (findings.length === 0) return ''
  const rows = findings.flatMap(({ finding, about, message, advice }) => [
    [finding, about === null ? message : `${about}: ${message}`],
    ['', advice],
  ])
  return `\n${title}\n${tableBlock(rows)}`
}
