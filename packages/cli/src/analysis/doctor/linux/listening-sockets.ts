import { endianness } from 'node:os'
import { type IpBytes, parseIp } from '@commloop/core'
import { procText } from './proc-file.js'

/** A listening socket of any process of this machine. */
export interface ListeningSocket {
  readonly address: IpBytes
  readonly port: number
  /** The user who opened it. */
  readonly uid: number
  readonly inode: string
}

const WORD_HEX = 8
const LISTEN = '0A'

/** undefined: the system does not list them. */
export function listeningSockets(): ListeningSocket[] | undefined {
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map(procText)
  if (tables.every((table) => table === undefined)) return undefined
  return tables.flatMap((table) => parseSocketTable(table ?? ''))
}

/**
 * `man 5 proc`, `/proc/net/tcp`:
 *
 *     sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
 *      0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 20345
 */
export function parseSocketTable(table: string): ListeningSocket[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , uid, , inode] = line.trim().split(/\s+/)
    const [address = '', port = ''] = local.split(':')
    if (state !== LISTEN || inode === undefined || inode === '0') return []
    return [
      { address: addressOf(address), port: Number.parseInt(port, 16), uid: Number(uid), inode },
    ]
  })
}

/** The kernel prints each 32-bit word of an address in the byte order of the processor. */
function addressOf(hex: string): IpBytes {
  const bytes = Buffer.from(hex, 'hex')
  if (endianness() === 'LE') {
    for (let at = 0; at < bytes.length; at += WORD_HEX / 2) {
      bytes.subarray(at, at + WORD_HEX / 2).reverse()
    }
  }
  // `parseIp` turns a mapped address into the IPv4 address.
  const groups = bytes.length === 4 ? undefined : bytes.toString('hex').match(/.{4}/g)
  return parseIp(groups?.join(':') ?? bytes.join('.')) ?? bytes
}
