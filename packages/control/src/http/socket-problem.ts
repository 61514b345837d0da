/** The control socket cannot be opened; the message says why. */
export class SocketProblem extends Error {
  override readonly name: string = 'SocketProblem'
}

/** Another process, usually a running node of the same configuration, listens on the socket. */
export class SocketTaken extends SocketProblem {
  override readonly name = 'SocketTaken'
}
