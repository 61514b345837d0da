import type { ConfigDocument } from '../read/config-document.js'
import type { DiagnosticList } from '../read/diagnostic-list.js'
import { roleProblems } from '../schema/legacy-role.js'
import type { ConfigFile } from '../schema/schema.js'
import { schemaProblems } from '../schema/schema-problems.js'
import { validSubset } from './valid-subset.js'

/** Reports what does not match the schema, and returns the rest. */
export function checkFile({ data }: ConfigDocument, diagnostics: DiagnosticList): ConfigFile {
  const problems = schemaProblems(data)
  diagnostics.report(problems)
  diagnostics.settle(problems)
  const file = validSubset(data, diagnostics.settled)
  for (const [index, entry] of file.links.entries()) {
    const contradictions = roleProblems(entry, ['links', index])
    diagnostics.report(contradictions)
    diagnostics.settle(contradictions)
  }
  return file
}
