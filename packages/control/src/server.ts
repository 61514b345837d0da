export {
  type ControlListener,
  ControlServer,
  type ControlServerOptions,
  type TcpListenerOptions,
} from './http/control-server.js'
export { defaultLocation, type SocketLocation } from './http/socket-location.js'
export { SOCKET_CHECK_MS, type SocketEvents } from './http/kept-socket.js'
export { SocketProblem, SocketTaken } from './http/socket-problem.js'
