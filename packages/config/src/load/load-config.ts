import type { ConfigRequest } from '../find/find-config.js'
import { diagnosticsError } from '../read/diagnostic.js'
import { checkSource } from './checked-file.js'
import type { ConfigReading, LoadedConfig } from './loaded-config.js'
import { readConfigWith } from './read-config-with.js'
import type { RunningConfig } from './running-config.js'

/**
 * Finds and reads the configuration, validates all of it, and creates its plugins. With `running`, plugins of the running
 * node are used again, and changes that require a restart are mistakes too. The text is parsed and checked against the
 * schema in one piece; the rest does not keep the event loop, apart from the code of plugins.
 *
 * @throws CommloopError if there is no configuration, more than one, or it cannot be read: see `findConfig`.
 */
export async function readConfig(
  request: ConfigRequest,
  running?: RunningConfig,
): Promise<ConfigReading> {
  const check = (...text: Parameters<typeof checkSource>) => Promise.resolve(checkSource(...text))
  return await readConfigWith(check, request, running)
}

/**
 * Like `readConfig`, but throws if the configuration is invalid.
 *
 * @throws CommloopError with all mistakes in its message: CML_ERR_PLUGIN_MISSING or CML_ERR_PLUGIN_INVALID if all of them
 *   have this code, else CML_ERR_CONFIG_INVALID; and see `readConfig`.
 */
export async function loadConfig(request: ConfigRequest): Promise<LoadedConfig> {
  const reading = await readConfig(request)
  if (reading.ok) return reading.config
  throw await diagnosticsError(reading.problems)
}
