import { CommloopError, type Logger } from '@commloop/core'
import { ceilingWarnings } from '../analysis/explanation/config-explanation.js'
import {
  configuredNode,
  loadConfig,
  type LoadedConfig,
  placeText,
  Reloader,
} from '@commloop/config'
import { processLimits } from '@commloop/metrics'
import { createLog, type LogTarget } from '../logging/create-log.js'
import type { LogLevel } from '../logging/log-level.js'
import { type StdioOptions, StdioSession, type StdioStreams } from '../stdio/stdio-session.js'
import { HangUp } from '../run/sighup.js'
import { NodeRun } from '../run/node-process.js'
import { Operations } from '../run/admin-services.js'

export interface RunRequest {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The file named with `--config`. */
  readonly config: string | undefined
  readonly logLevel: LogLevel
  /** Of commloop. */
  readonly version: string
  /** Set: other programs talk to the node on stdin and stdout. */
  readonly stdio: Omit<StdioOptions, 'payloadBytesMax'> | undefined
}

export interface RunStreams extends StdioStreams {
  readonly stderr: LogTarget
}

/**
 * `commloop run`: starts the node of the configuration and logs to stderr, until it is told to stop.
 *
 * @returns the exit code
 * @throws CommloopError where the configuration is wrong, or the node cannot listen
 */
export async function runCommand(request: RunRequest, streams: RunStreams): Promise<number> {
  const hangUp = new HangUp()
  try {
    return await run(request, streams, hangUp)
  } finally {
    hangUp.close()
  }
}

async function run(request: RunRequest, streams: RunStreams, hangUp: HangUp): Promise<number> {
  const { cwd, env, config: file, logLevel, stdio, version } = request
  const config = await loadConfig({ cwd, env, file })
  const log = await createLog(streams.stderr, logLevel)
  const logger = log.forNode(config.options.node ?? '')
  tellConfig(config, logger)
  try {
    const node = configuredNode(config, logger)
    const options = stdio && { ...stdio, payloadBytesMax: payloadBytesMax(config) }
    const session = options && new StdioSession(node, streams, options, logger)
    const reloader = new Reloader(node, config, { cwd, env, file }, logger, (reloaded) => {
      session?.reconfigured(payloadBytesMax(reloaded))
    })
    const operations = new Operations(node, config, {
      facts: { version, config: config.file, startedAt: new Date() },
      env,
      logger,
      payloadBytesMax: () => payloadBytesMax(reloader.config),
      reload: () => reloadedBy(reloader),
    })
    const nodeRun = new NodeRun(node, session, [operations], logger, log.flush)
    return await nodeRun.run(() => {
      hangUp.hear((terminalGone) => {
        if (terminalGone) nodeRun.stop('SIGHUP, and the terminal is gone')
        else void reloader.reload()
      })
    })
  } finally {
    await log.flush()
  }
}

/** Which file, and what comes from where: never to be guessed at when something is not as expected. */
function tellConfig(config: LoadedConfig, logger: Logger): void {
  const { file, plugins, warnings } = config
  logger.info({ file }, `configuration: ${file}`)
  for (const warning of [...warnings, ...ceilingWarnings(config, processLimits())]) {
    logger.warn({ file }, warning)
  }
  const { entries, ...own } = plugins
  for (const { kind, name, place } of Object.values(own)) {
    logger.info({ kind, plugin: name, place }, `${kind} ${name}: ${placeText(place)}`)
  }
  for (const { entry, plugin } of entries) {
    const { kind, name, place } = plugin
    const text = `${kind} ${name} for links[${String(entry)}]: ${placeText(place)}`
    logger.info({ kind, plugin: name, place, entry }, text)
  }
}

/** For an operator: what was changed. @throws CommloopError where nothing was */
async function reloadedBy(reloader: Reloader): Promise<object> {
  const result = await reloader.reload()
  if (!result.ok) throw new CommloopError(result.code, result.message)
  const { file, changes, warnings } = result
  return { file, ...changes, warnings }
}

/** The largest payload that any link takes. */
function payloadBytesMax({ plugins }: LoadedConfig): number {
  let bytesMax = plugins.codec.value.payloadBytesMax
  for (const { plugin } of plugins.entries) {
    if ('payloadBytesMax' in plugin.value) {
      bytesMax = Math.max(bytesMax, plugin.value.payloadBytesMax)
    }
  }
  return bytesMax
}
