import type { Logger } from '@commloop/core'
import { changesText, isChange, type ReloadResult } from './reload-result.js'

/** The most mistakes that are logged one by one. */
const PROBLEMS_MAX = 20

/** The most warnings that are logged one by one. */
const WARNINGS_MAX = 20

/** Logs what a reload has changed, or why it has changed nothing. */
export function logReload(result: ReloadResult, logger: Logger): void {
  if (result.ok) logDone(result, logger)
  else logRejected(result, logger)
}

function logDone(
  { file, changes, warnings }: Extract<ReloadResult, { ok: true }>,
  logger: Logger,
): void {
  for (const warning of warnings.slice(0, WARNINGS_MAX)) logger.warn({ file }, warning)
  if (warnings.length > WARNINGS_MAX) {
    const more = String(warnings.length - WARNINGS_MAX)
    logger.warn({ file }, `and ${more} more warnings: commloop check`)
  }
  const { added, removed, reconnected, changed, node } = changes
  const what = isChange(changes) ? changesText(changes) : 'no changes'
  logger.info(
    { file, added, removed, reconnected, changed, keys: node },
    `reloaded ${file}: ${what}`,
  )
}

function logRejected(
  { code, message, problems }: Extract<ReloadResult, { ok: false }>,
  logger: Logger,
): void {
  const count = problems.length === 1 ? '1 problem' : `${String(problems.length)} problems`
  const why = problems.length === 0 ? message : count
  logger.error({ code }, `reload rejected, nothing has changed: ${why}`)
  for (const { file, line, column, path, message: what } of problems.slice(0, PROBLEMS_MAX)) {
    const place = `${file}:${String(line)}:${String(column)}`
    logger.error(
      { code, file, line, column, path },
      `${place}  ${path === '' ? '' : `${path}: `}${what}`,
    )
  }
  if (problems.length > PROBLEMS_MAX) {
    logger.error({ code }, `and ${String(problems.length - PROBLEMS_MAX)} more: commloop check`)
  }
}
