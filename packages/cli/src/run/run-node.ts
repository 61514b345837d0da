import { CommloopError, type Logger } from '@commloop/core'
import { ceilingWarnings } from '../analysis/explanation/ceilings.js'
import {
  configuredNode,
  loadConfig,
  type LoadedConfig,
  nodePlugins,
  originText,
  Reloader,
} from '@commloop/config'
import { processLimits } from '@commloop/metrics'
import { freeChunksAtOnce } from '../command-line/chunk-memory.js'
import { durationValue } from '../command-line/duration-value.js'
import { outputTo } from '../terminal/file-output.js'
import { createLog, type LogTarget } from '../logging/create-log.js'
import type { LogLevel } from '../logging/log-level.js'
import { type StdioOptions, StdioSession, type StdioStreams } from '../stdio/stdio-session.js'
import { AdminServices } from './admin-services.js'
import { NodeProcess } from './node-process.js'
import { SighupHandler } from './sighup.js'

export interface RunRequest {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The file given with `--config`. */
  readonly config: string | undefined
  readonly logLevel: LogLevel
  /** The version of commloop. */
  readonly version: string
  /** Set: another program uses the node through stdin and stdout. `drain` is as written on the command line. */
  readonly stdio: (Pick<StdioOptions, 'text' | 'keepOpen'> & { readonly drain: string }) | undefined
}

export interface RunStreams extends StdioStreams {
  readonly stderr: LogTarget
}

/**
 * Starts the node of the configuration and logs to stderr until the node has stopped.
 *
 * @returns the exit code
 * @throws UsageError, CommloopError if the configuration is wrong or the node cannot listen
 */
export async function runNode(request: RunRequest, streams: RunStreams): Promise<number> {
  freeChunksAtOnce()
  const sighup = new SighupHandler()
  try {
    return await run(request, streams, sighup)
  } finally {
    sighup.close()
  }
}

async function run(
  request: RunRequest,
  streams: RunStreams,
  sighup: SighupHandler,
): Promise<number> {
  const { cwd, env, config: file, logLevel, stdio, version } = request
  const drainMs = durationValue('--drain', stdio?.drain ?? '0s')
  const config = await loadConfig({ cwd, env, file })
  const log = await createLog(outputTo(streams.stderr), logLevel)
  const logger = log.forNode(config.options.node ?? '')
  logConfig(config, logger)
  try {
    const node = configuredNode(config, logger)
    const options = stdio && { ...stdio, drainMs, payloadBytesMax: payloadBytesMax(config) }
    const session = options && new StdioSession(node, streams, options, logger)
    const reloader = new Reloader(node, config, { cwd, env, file }, logger, (reloaded) => {
      session?.reconfigured(payloadBytesMax(reloaded))
    })
    const services = new AdminServices(node, config, {
      facts: { version, config: config.file, startedAt: new Date(), lostLogLines: log.lostLines },
      env,
      logger,
      payloadBytesMax: () => payloadBytesMax(reloader.config),
      reload: () => reloadedBy(reloader),
      output: session && (() => session.output),
    })
    const nodeProcess = new NodeProcess(node, session, [services], logger, log.flush)
    return await nodeProcess.run(() => {
      sighup.handle((terminalGone) => {
        if (terminalGone) nodeProcess.stop('SIGHUP, the terminal is gone')
        else void reloader.reload()
      })
    })
  } finally {
    await log.flush()
  }
}

/** Logs the file, its warnings, and the package or file of each plugin. */
function logConfig(config: LoadedConfig, logger: Logger): void {
  const { file, plugins, warnings } = config
  logger.info({ file }, `configuration: ${file}`)
  for (const warning of [...warnings, ...ceilingWarnings(config, processLimits())]) {
    logger.warn({ file }, warning)
  }
  for (const { kind, name, origin } of nodePlugins(plugins)) {
    logger.info({ kind, plugin: name, place: origin }, `${kind} ${name}: ${originText(origin)}`)
  }
  for (const { entry, plugin } of plugins.entries) {
    const { kind, name, origin } = plugin
    const text = `${kind} ${name} for links[${String(entry)}]: ${originText(origin)}`
    logger.info({ kind, plugin: name, place: origin, entry }, text)
  }
}

/** The changes of a reload, as the operator gets them. @throws CommloopError if nothing was changed */
async function reloadedBy(reloader: Reloader): Promise<object> {
  const result = await reloader.reload()
  if (!result.ok) throw new CommloopError(result.code, result.message)
  const { file, changes, warnings } = result
  return { file, ...changes, warnings }
}

/** The largest payload that any link accepts. */
function payloadBytesMax({ plugins }: LoadedConfig): number {
  let bytesMax = plugins.codec.value.payloadBytesMax
  for (const { plugin } of plugins.entries) {
    if ('payloadBytesMax' in plugin.value) {
      bytesMax = Math.max(bytesMax, plugin.value.payloadBytesMax)
    }
  }
  return bytesMax
}
