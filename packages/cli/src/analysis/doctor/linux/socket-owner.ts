import { basename, dirname, resolve } from 'node:path'
import { procLink, procNames, procText } from './proc-file.js'

/** A process that has a socket open. */
export interface SocketOwner {
  readonly pid: number
  /** `nginx`, or `node commloop.js`. Further arguments are left out, because they may contain secrets. */
  readonly name: string
}

/** undefined: the process has ended, or belongs to a user whose processes this one may not inspect. */
export function ownerOfSocket(inode: string): SocketOwner | undefined {
  const wanted = `socket:[${inode}]`
  for (const pid of procNames('/proc').filter((name) => /^\d+$/.test(name))) {
    const descriptors = procNames(`/proc/${pid}/fd`)
    if (descriptors.some((fd) => procLink(`/proc/${pid}/fd/${fd}`) === wanted)) {
      return { pid: Number(pid), name: processName(pid) }
    }
  }
  return undefined
}

function processName(pid: string): string {
  const [program = '', script] = argumentsOf(pid)
  if (program === '') return procText(`/proc/${pid}/comm`)?.trim() ?? 'unknown'
  const names = script === undefined || script.startsWith('-') ? [program] : [program, script]
  return names.map((name) => basename(name)).join(' ')
}

function argumentsOf(pid: string): string[] {
  return (procText(`/proc/${pid}/cmdline`) ?? '').split('\0').filter((word) => word !== '')
}

/** Whether this process is a commloop that was started with this configuration file. */
export function runsConfig({ pid }: SocketOwner, configFile: string): boolean {
  const words = argumentsOf(String(pid))
  if (!words.some((word) => /^commloop(?:\.js)?$/.test(basename(word)))) return false
  const folder = procLink(`/proc/${String(pid)}/cwd`)
  if (folder === undefined) return false
  const named = optionOf(words) ?? environmentOf(pid)
  return named === undefined
    ? folder === dirname(configFile)
    : resolve(folder, named) === configFile
}

function optionOf(words: readonly string[]): string | undefined {
  const at = words.findIndex((word) => word === '--config' || word.startsWith('--config='))
  const word = words[at]
  if (word === undefined) return undefined
  return word === '--config' ? words[at + 1] : word.slice('--config='.length)
}

function environmentOf(pid: number): string | undefined {
  const environment = (procText(`/proc/${String(pid)}/environ`) ?? '').split('\0')
  const line = environment.find((text) => text.startsWith('COMMLOOP_CONFIG='))
  const file = line?.slice('COMMLOOP_CONFIG='.length)
  return file === '' ? undefined : file
}
