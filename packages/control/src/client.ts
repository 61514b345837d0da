export { ControlClient, type ControlRequest } from './client/control-client.js'
export * from './socket-path.js'
