// A name server on UDP port 53. Arguments: its address, then `name=address` for each name that it knows. Several addresses
// are joined by `+`; `name=` is a name without an address. It is silent about every other name. Each line of its input
// is one more name that it knows from then on, or another address of a known one.
import { createSocket } from 'node:dgram'
import { createInterface } from 'node:readline'

const [ip, ...known] = process.argv.slice(2)
const names = new Map(known.map((text) => text.split('=')))
const A = 1
const HEADER_BYTES = 12

const socket = createSocket('udp4')
socket.on('message', (query, from) => {
  const { name, type, end } = questionOf(query)
  const addresses = names.get(name)
  if (addresses === undefined) return
  const records = type === A && addresses !== '' ? addresses.split('+').map(recordOf) : []
  const header = Buffer.from(query.subarray(0, HEADER_BYTES))
  header.writeUInt16BE(0x8180, 2)
  header.writeUInt16BE(records.length, 6)
  header.writeUInt32BE(0, 8)
  const question = query.subarray(HEADER_BYTES, end)
  socket.send(Buffer.concat([header, question, ...records]), from.port, from.address)
})
createInterface({ input: process.stdin }).on('line', (line) => {
  const [name, address] = line.split('=')
  names.set(name, address)
  console.log('learnt')
})
socket.bind(53, ip, () => {
  console.log('ready')
})

function questionOf(query) {
  const labels = []
  let at = HEADER_BYTES
  for (let length = query[at]; length > 0; length = query[at]) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

/** An A record for the name of the question, valid for a second. */
function recordOf(address) {
  const head = Buffer.from([0xc0, HEADER_BYTES, 0, A, 0, 1, 0, 0, 0, 1, 0, 4])
  return Buffer.concat([head, Buffer.from(address.split('.').map(Number))])
}
