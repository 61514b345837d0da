import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { endianness } from 'node:os'
import { parseIp, type UnacknowledgedBytes } from '@commloop/core'

/** The tables of this network namespace. A table is missing if the kernel has no IPv6, or on another system. */
const TABLES = ['/proc/self/net/tcp', '/proc/self/net/tcp6']
/** Whether this system has such a table: Linux, unless `/proc` is hidden. */
export function kernelShowsSockets(tables: readonly string[] = TABLES): boolean {
  return tables.some((table) => existsSync(table))
}

/** At least this long between two looks, because the kernel walks through all its sockets for each. */
const LOOK_EVERY_MS_MIN = 250
/** A look may take at most this part of the time: one fortieth. */
const LOOK_SHARE = 40
/** Kinds of timers in the column `tr` (Documentation/networking/proc_net_tcp.rst of Linux). */
const ZERO_WINDOW_PROBES = 4

/** A socket: local and remote address in the notation of the table. */
type SocketKey = string

type Row = Omit<UnacknowledgedBytes, 'acknowledgedBytes'>
type Answer = (row: Row | undefined) => void

/**
 * Looks into the kernel's table of TCP sockets, which shows for each how many bytes the peer's system has not
 * acknowledged. One look answers all connections that have asked since the last one: it costs 6 to 60 ms in a thread,
 * depending on the number of sockets.
 */
export class KernelLook {
  #waiting = new Map<SocketKey, Answer[]>()
  #timer: NodeJS.Timeout | undefined
  #nextMs = 0

  /** @param answer called later: with undefined if the table does not show the socket */
  ask(socket: SocketKey, answer: Answer): void {
    const answers = this.#waiting.get(socket)
    if (answers === undefined) this.#waiting.set(socket, [answer])
    else answers.push(answer)
    if (this.#timer !== undefined) return
    const delayMs = Math.max(0, this.#nextMs - performance.now())
    this.#timer = setTimeout(() => {
      void this.#look()
    }, delayMs).unref()
  }

  async #look(): Promise<void> {
    const asked = this.#waiting
    this.#waiting = new Map()
    const beganMs = performance.now()
    const tables = await Promise.all(TABLES.map(textOf))
    const rows = new Map(tables.flatMap((text) => rowsOf(text, asked)))
    const endedMs = performance.now()
    this.#nextMs = endedMs + Math.max(LOOK_EVERY_MS_MIN, (endedMs - beganMs) * LOOK_SHARE)
    this.#timer = undefined
    for (const [socket, answers] of asked) for (const answer of answers) answer(rows.get(socket))
    if (this.#waiting.size > 0) this.#again()
  }

  /** Connections have asked during the look. */
  #again(): void {
    const asked = this.#waiting
    this.#waiting = new Map()
    for (const [socket, answers] of asked) for (const answer of answers) this.ask(socket, answer)
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'latin1')
  } catch {
    return ''
  }
}

/** The rows of the sockets that were asked for. */
function rowsOf(text: string, asked: ReadonlyMap<SocketKey, unknown>): [SocketKey, Row][] {
  const rows: [SocketKey, Row][] = []
  for (const line of text.split('\n')) {
    const [, local, remote, , queues, timer, , , probes] = line.trim().split(/\s+/, 9)
    if (local === undefined || remote === undefined) continue
    const socket = `${shortened(local)} ${shortened(remote)}`
    if (!asked.has(socket) || queues === undefined || timer === undefined) continue
    const isProbed = Number.parseInt(timer, 16) === ZERO_WINDOW_PROBES
    rows.push([
      socket,
      {
        unacknowledgedBytes: Number.parseInt(queues, 16),
        // The count of probes without an answer; the peer's system resets it with each answer.
        isPeerFull: isProbed && probes === '0',
      },
    ])
  }
  return rows
}

const MAPPED_PREFIX = '0000000000000000FFFF0000'

/** IPv4 addresses of IPv6 sockets in the short notation. */
function shortened(address: string): string {
  return address.startsWith(MAPPED_PREFIX) || address.startsWith('00000000000000000000FFFF')
    ? address.slice(MAPPED_PREFIX.length)
    : address
}

interface Endpoint {
  readonly ip: string | undefined
  readonly port: number | undefined
}

/** undefined: an address is not known. */
export function socketKey(local: Endpoint, remote: Endpoint): SocketKey | undefined {
  const [from, to] = [hexOf(local), hexOf(remote)]
  return from === undefined || to === undefined ? undefined : `${from} ${to}`
}

/** The kernel writes an address as words of 32 bits, each in the byte order of the machine. */
function hexOf({ ip, port }: Endpoint): string | undefined {
  const bytes = ip === undefined ? undefined : parseIp(ip)
  if (bytes === undefined || port === undefined) return undefined
  let hex = ''
  for (let at = 0; at < bytes.length; at += 4) {
    const word = Buffer.from(bytes.subarray(at, at + 4))
    hex += (endianness() === 'LE' ? word.reverse() : word).toString('hex')
  }
  return `${hex}:${port.toString(16).padStart(4, '0')}`.toUpperCase()
}
