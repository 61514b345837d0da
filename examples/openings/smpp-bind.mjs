// Binds as a transceiver to an SMPP server (SMPP 3.4), and answers enquire_link and unbind while the link is up.
// A payload is a whole PDU: its length, command, status, sequence number, and body.

const BIND = 0x00000009
const ENQUIRE_LINK = 0x00000015
const UNBIND = 0x00000006
const RESPONSE = 0x80000000
const HEADER_BYTES = 16
const VERSION = 0x34
const SEQUENCE = 1

const STATUS = new Map([
  [0x05, 'already bound'],
  [0x0d, 'bind failed'],
  [0x0e, 'invalid password'],
  [0x0f, 'invalid system id'],
])

function pdu(command, status, sequence, body = Buffer.alloc(0)) {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32BE(HEADER_BYTES + body.length, 0)
  header.writeUInt32BE(command, 4)
  header.writeUInt32BE(status, 8)
  header.writeUInt32BE(sequence, 12)
  return Buffer.concat([header, body])
}

/** The command of a PDU, and what an answer to it needs; undefined: it is too short. */
function parsed(payload) {
  if (payload.length < HEADER_BYTES) return undefined
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length)
  return {
    command: bytes.readUInt32BE(4),
    status: bytes.readUInt32BE(8),
    sequence: bytes.readUInt32BE(12),
  }
}

class SmppBind {
  constructor({ systemId, password = '', systemType = '' }) {
    const texts = [systemId, password, systemType].map((text) => `${text}\0`).join('')
    // Version, type and plan of the address, and an empty range of addresses.
    this.body = Buffer.concat([Buffer.from(texts, 'latin1'), Buffer.from([VERSION, 0, 0, 0])])
  }

  begin(_peer, door) {
    door.send(pdu(BIND, 0, SEQUENCE, this.body))
    let isBound = false
    return {
      stays: true,
      get progress() {
        return isBound ? undefined : 'bind_transceiver'
      },
      received: (payload) => {
        const { command, status, sequence } = parsed(payload) ?? {}
        if (command === ENQUIRE_LINK || command === UNBIND) {
          door.send(pdu(RESPONSE + command, 0, sequence))
          return true
        }
        if (isBound || command !== RESPONSE + BIND) return false
        if (status === 0) {
          isBound = true
          door.open()
        } else {
          const name = STATUS.get(status) ?? 'an error'
          door.refuse(`the server refuses the bind: ${name} (status ${status})`)
        }
        return true
      },
    }
  }
}

export default {
  kind: 'opening',
  name: 'smpp-bind',
  apiVersion: 1,
  create({ systemId, password, systemType, ...unknown }) {
    const [option] = Object.keys(unknown)
    if (option !== undefined) throw new Error(`unknown option "${option}"`)
    for (const [name, text, max] of [
      ['systemId', systemId, 15],
      ['password', password ?? '', 8],
      ['systemType', systemType ?? '', 12],
    ]) {
      const isText = typeof text === 'string' && text.length <= max && !text.includes('\0')
      if (!isText) throw new Error(`${name}: expected a text of at most ${max} characters`)
    }
    return new SmppBind({ systemId, password, systemType })
  },
}
