// The platform side of JT/T 808: registers terminals, checks their authentication, and answers their heartbeats.
// A payload is a message without its flags, escapes and checksum: header and body.
//
//     │ id: 2 │ properties: 2, the lowest ten bits are the length of the body │ phone: 6, BCD │ serial: 2 │ body │

import { createHmac } from 'node:crypto'

const REGISTER = 0x0100
const AUTHENTICATE = 0x0102
const HEARTBEAT = 0x0002
const REGISTER_ANSWER = 0x8100
const GENERAL_ANSWER = 0x8001
const HEADER_BYTES = 12
const LENGTH_MASK = 0x3ff
const [DONE, FAILED] = [0, 1]

/** undefined: it is too short, or its length does not fit. */
function parsed(payload) {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length)
  if (bytes.length < HEADER_BYTES) return undefined
  const body = bytes.subarray(HEADER_BYTES)
  if ((bytes.readUInt16BE(2) & LENGTH_MASK) !== body.length) return undefined
  const phone = bytes.toString('hex', 4, 10)
  return { id: bytes.readUInt16BE(0), phone, serial: bytes.readUInt16BE(10), body }
}

function message(id, phone, serial, body) {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(body.length, 2)
  header.write(phone, 4, 'hex')
  header.writeUInt16BE(serial, 10)
  return Buffer.concat([header, body])
}

function uint16(value) {
  return Buffer.from([value >> 8, value & 0xff])
}

class Registration {
  constructor(secret) {
    this.secret = secret
  }

  /** Derived from the phone number, so the platform need not store the codes of its terminals. */
  codeOf(phone) {
    return createHmac('sha256', this.secret).update(phone).digest('hex').slice(0, 16)
  }

  begin(_peer, door) {
    let serial = 0
    let isOpen = false
    const answer = (to, result) => {
      const body = Buffer.concat([uint16(to.serial), uint16(to.id), Buffer.from([result])])
      door.send(message(GENERAL_ANSWER, to.phone, serial++, body))
    }
    const register = (request) => {
      const code = Buffer.from(this.codeOf(request.phone))
      const body = Buffer.concat([uint16(request.serial), Buffer.from([DONE]), code])
      door.send(message(REGISTER_ANSWER, request.phone, serial++, body))
    }
    const authenticate = (request) => {
      if (request.body.toString('latin1') === this.codeOf(request.phone)) {
        answer(request, DONE)
        isOpen = true
        door.open()
      } else {
        answer(request, FAILED)
        door.refuse(`terminal ${request.phone} has a wrong authentication code`)
      }
    }
    return {
      stays: true,
      get progress() {
        return isOpen ? undefined : 'registration'
      },
      received: (payload) => {
        const request = parsed(payload)
        if (request === undefined) return false
        if (request.id === HEARTBEAT) answer(request, DONE)
        else if (request.id === REGISTER && !isOpen) register(request)
        else if (request.id === AUTHENTICATE && !isOpen) authenticate(request)
        else return false
        return true
      },
    }
  }
}

export default {
  kind: 'opening',
  name: 'jt808-register',
  apiVersion: 1,
  create({ secret, ...unknown }) {
    const [option] = Object.keys(unknown)
    if (option !== undefined) throw new Error(`unknown option "${option}"`)
    if (typeof secret !== 'string' || secret === '') throw new Error('secret: expected a text')
    return new Registration(secret)
  },
}
