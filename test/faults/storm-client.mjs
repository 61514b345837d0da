// Strangers: connects from many addresses, is refused, connects again. Says every second what it has counted.
import { connect } from 'node:net'

const [port, concurrency, addresses] = process.argv.slice(2).map(Number)
const counted = { refused: 0, failed: 0 }
let next = 0
let open = 0
let ending = false

function stranger() {
  if (ending) return
  open++
  const localAddress = `127.0.9.${String(1 + (next++ % addresses))}`
  let connected = false
  const socket = connect({ host: '127.0.0.1', port, localAddress })
  socket.on('connect', () => {
    connected = true
  })
  // A reset may come together with the connection.
  socket.on('error', (error) => {
    connected ||= error.code === 'ECONNRESET'
  })
  socket.on('close', () => {
    open--
    if (connected) counted.refused++
    else counted.failed++
    if (ending) leave()
    else process.nextTick(stranger)
  })
  socket.resume()
}

/** Prints the last count when no connection is in progress. */
function leave() {
  if (open > 0) return
  process.send(counted, () => process.disconnect())
}

process.on('message', (what) => {
  if (what === 'count') process.send(counted)
  else {
    ending = true
    leave()
  }
})
for (let at = 0; at < concurrency; at++) stranger()
process.send(counted)
