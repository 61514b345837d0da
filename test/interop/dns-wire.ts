const HEADER_BYTES = 12
const RECURSION_DESIRED = 0x0100
const CLASS_IN = 1

/** Types of records by their numbers (RFC 1035, section 3.2.2). */
export const RECORD_TYPES = { A: 1, SOA: 6, TXT: 16, AXFR: 252 } as const

export interface DnsAnswer {
  readonly id: number
  readonly isAnswer: boolean
  /** 0: no error; 3: no such name. */
  readonly responseCode: number
  readonly answers: number
  readonly name: string
  /** The data of the first record, if it is an IPv4 address. */
  readonly address: string | undefined
}

/** A query with one question (RFC 1035, section 4.1), without the two bytes of length. */
export function dnsQuery(id: number, name: string, type: number = RECORD_TYPES.A): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(RECURSION_DESIRED, 2)
  header.writeUInt16BE(1, 4)
  const labels = name.split('.').map((label) => {
    return Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])
  })
  const end = Buffer.from([0, 0, type, 0, CLASS_IN])
  return Buffer.concat([header, ...labels, end])
}

/** Reads what the tests need. @throws RangeError if the message ends too early */
export function readDnsAnswer(payload: Uint8Array): DnsAnswer {
  const message = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const flags = message.readUInt16BE(2)
  const question = readName(message, HEADER_BYTES)
  const answers = message.readUInt16BE(6)
  return {
    id: message.readUInt16BE(0),
    isAnswer: flags >= 0x8000,
    responseCode: flags & 15,
    answers,
    name: question.name,
    address: answers > 0 ? firstAddress(message, question.end + 4) : undefined,
  }
}

function readName(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = []
  let at = start
  for (;;) {
    const bytes = message.readUInt8(at)
    // The rest of a name may be a pointer to an earlier position.
    if (bytes >= 0xc0) return { name: labels.join('.'), end: at + 2 }
    if (bytes === 0) return { name: labels.join('.'), end: at + 1 }
    labels.push(message.toString('latin1', at + 1, at + 1 + bytes))
    at += 1 + bytes
  }
}

function firstAddress(message: Buffer, start: number): string | undefined {
  const { end } = readName(message, start)
  const type = message.readUInt16BE(end)
  const dataBytes = message.readUInt16BE(end + 8)
  if (type !== RECORD_TYPES.A || dataBytes !== 4) return undefined
  return [...message.subarray(end + 10, end + 14)].map(String).join('.')
}

/** The answer that a server would give, repeating the question, with one address. For servers that tests play. */
export function dnsAnswerTo(query: Uint8Array, address: string): Buffer {
  const answer = Buffer.from(query)
  answer.writeUInt16BE(0x8000 | answer.readUInt16BE(2), 2)
  answer.writeUInt16BE(1, 6)
  const pointer = [0xc0, HEADER_BYTES]
  const record = [
    0,
    RECORD_TYPES.A,
    0,
    CLASS_IN,
    0,
    0,
    0,
    60,
    0,
    4,
    ...address.split('.').map(Number),
  ]
  return Buffer.concat([answer, Buffer.from([...pointer, ...record])])
}
