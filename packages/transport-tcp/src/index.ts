export { TcpTransport } from './tcp-transport.js'
export type { TcpOptions } from './tcp-options.js'
export { tcpTransport, tcpPlugin as default } from './tcp-plugin.js'
