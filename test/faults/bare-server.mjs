// The least that a server can do with a stranger.
import { createServer } from 'node:net'

const server = createServer({ pauseOnConnect: true }, (socket) => {
  socket.on('error', () => undefined)
  socket.resetAndDestroy()
})
server.listen({ host: '127.0.0.1', port: 0, backlog: 511 }, () =>
  process.send(server.address().port),
)
process.on('disconnect', () => process.exit(0))
