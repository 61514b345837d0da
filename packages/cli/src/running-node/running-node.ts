import { readdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { CommloopError } from '@commloop/core'
import { type ConfigSource, controlPathIn, findConfig } from '@commloop/config'
import { ControlClient } from '@commloop/control/client'
import { folderExists, ownFolderProblem } from '@commloop/control/client'
import { runtimeFolders, socketNameEnd } from '@commloop/control/client'

/** Which node a command is about. */
export interface NodeRequest {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The file named with `--config`. */
  readonly config?: string | undefined
  /** The socket named with `--control`. */
  readonly control?: string | undefined
}

/**
 * The node of a configuration, by its socket. Of the configuration only what says where the socket is gets read: a file
 * that is being edited, or is wrong by now, must not stand between an operator and the node.
 *
 * @throws CommloopError where there is no configuration; CML_ERR_CONTROL_UNREACHABLE naming every place tried
 */
export async function runningNode(request: NodeRequest): Promise<ControlClient> {
  const { cwd, control } = request
  if (control !== undefined) return new ControlClient(resolve(cwd, control))
  const source = await configOf(request)
  const chosen = controlPathIn(source, request.env)
  if (chosen === false) {
    throw unreachable(`${source.name} says \`control: false\`: its node has no control socket`)
  }
  if (chosen !== undefined) return new ControlClient(chosen)
  return await usualNode(source, request.env)
}

async function configOf({ cwd, env, config: file }: NodeRequest): Promise<ConfigSource> {
  try {
    return await findConfig({ cwd, env, file })
  } catch (error) {
    const isMissing = CommloopError.is(error) && error.code === 'CML_ERR_CONFIG_NOT_FOUND'
    if (!isMissing || file !== undefined || (env.COMMLOOP_CONFIG ?? '') !== '') throw error
    const text =
      `no configuration in ${cwd}, so there is no telling which node is meant: ` +
      '--config FILE or COMMLOOP_CONFIG names its configuration, --control PATH its socket'
    throw new CommloopError('CML_ERR_CONFIG_NOT_FOUND', text, { cause: error })
  }
}

async function usualNode(
  { file, name }: ConfigSource,
  env: NodeRequest['env'],
): Promise<ControlClient> {
  const end = socketNameEnd(file)
  const uid = process.getuid?.() ?? 0
  const tried: string[] = []
  for (const folder of runtimeFolders(env, uid)) {
    // A folder of somebody else may hold a socket of somebody else, to whom we would tell what is meant for the node.
    const problem = ownFolderProblem(folder, uid)
    const sockets =
      problem === undefined ? readdirSync(folder).filter((entry) => entry.endsWith(end)) : []
    for (const socket of sockets) {
      if (await answers(join(folder, socket))) return new ControlClient(join(folder, socket))
    }
    tried.push(problem === undefined || !folderExists(folder) ? join(folder, `*${end}`) : problem)
  }
  throw unreachable(
    `no node of ${name} runs as this user\nLooked for:\n${tried.map((place) => `  ${place}`).join('\n')}\n` +
      '`commloop run` starts one; --control names the socket of one elsewhere',
  )
}

function unreachable(text: string): CommloopError {
  return new CommloopError('CML_ERR_CONTROL_UNREACHABLE', text)
}

function answers(path: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      done(true)
    })
    socket.once('error', () => {
      done(false)
    })
  })
}
