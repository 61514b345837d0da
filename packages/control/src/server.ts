export {
  type ControlListener,
  ControlServer,
  type ControlServerOptions,
  type TcpListenerOptions,
} from './http/control-server.js'
export { defaultLocation, type SocketLocation } from './http/socket-location.js'
export { SocketProblem, SocketTaken } from './http/unix-socket-listener.js'
