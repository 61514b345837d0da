import { resolve } from 'node:path'
import { CommloopError } from '@commloop/core'
import { type ConfigSource, controlPathIn, findConfig } from '@commloop/config'
import { ControlClient } from '@commloop/control/client'
import type { NodeRequest } from '../command-line/node-command.js'
import { SocketSearch } from './socket-search.js'

/**
 * Finds the control socket of the node of a configuration. Only the key `control` of the file is read, so that a file
 * with mistakes does not keep the operator from a running node.
 *
 * @throws CommloopError if there is no configuration; CML_ERR_CONTROL_UNREACHABLE with every path that was tried
 */
export async function runningNode(request: NodeRequest): Promise<ControlClient> {
  const { cwd, control } = request
  if (control !== undefined) return new ControlClient(resolve(cwd, control))
  const source = await configOf(request)
  const chosen = controlPathIn(source, request.env)
  if (chosen === false) {
    throw unreachable(`${source.name} sets \`control: false\`, so its node has no control socket`)
  }
  if (chosen !== undefined) return new ControlClient(chosen)
  return await nodeAtDefaultSocket(source, request.env)
}

async function configOf({ cwd, env, config: file }: NodeRequest): Promise<ConfigSource> {
  try {
    return await findConfig({ cwd, env, file })
  } catch (error) {
    const isMissing = CommloopError.is(error) && error.code === 'CML_ERR_CONFIG_NOT_FOUND'
    if (!isMissing || file !== undefined || (env.COMMLOOP_CONFIG ?? '') !== '') throw error
    const text =
      `no configuration in ${cwd}, which would name the node: ` +
      'give its configuration with --config FILE or COMMLOOP_CONFIG, or its socket with --control PATH'
    throw new CommloopError('CML_ERR_CONFIG_NOT_FOUND', text, { cause: error })
  }
}

/** @throws CommloopError CML_ERR_CONTROL_UNREACHABLE with every place that was searched */
async function nodeAtDefaultSocket(
  { file, name }: ConfigSource,
  env: NodeRequest['env'],
): Promise<ControlClient> {
  const search = new SocketSearch(file, env)
  const client = await search.first()
  if (client !== undefined) return client
  const { tried } = search
  throw unreachable(
    `no node of ${name} is running as this user\nLooked for:\n${tried.map((place) => `  ${place}`).join('\n')}\n` +
      'Start one with `commloop run`, run this command as the user of the node, or give its socket with --control',
  )
}

function unreachable(text: string): CommloopError {
  return new CommloopError('CML_ERR_CONTROL_UNREACHABLE', text)
}
