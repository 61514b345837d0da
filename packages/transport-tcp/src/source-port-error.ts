import { addressText, type DialTarget, messageText } from '@commloop/core'

/**
 * An error of a dial from a fixed port, with what it means and what to do. libuv sets SO_REUSEADDR on every socket that it
 * binds, except on Windows. So several dials may come from one port, if their peers differ, and the two errors mean:
 *
 *     bind     EADDRINUSE      a listener, or a socket without this option, has the port
 *     connect  EADDRNOTAVAIL   a connection between the same two addresses and ports exists, or has just ended
 */
export function withSourcePort(error: NodeJS.ErrnoException, target: DialTarget): Error {
  const { bind, bindPort } = target
  if (bind === undefined || bindPort === undefined) return error
  const what = meaningOf(error, addressText({ ip: bind, port: bindPort }))
  if (what === undefined) return error
  const text = `${messageText(error)}: ${what}`
  return Object.assign(new Error(text, { cause: error }), { code: error.code })
}

function meaningOf({ code, syscall }: NodeJS.ErrnoException, source: string): string | undefined {
  if (code === 'EACCES') {
    return `this process may not use the source port ${source}; ports below 1024 need a permission`
  }
  if (code === 'EADDRINUSE') {
    return `another socket of this machine has the source port ${source}; free it, or set another port in "bind"`
  }
  if (code !== 'EADDRNOTAVAIL' || syscall !== 'connect') return undefined
  return (
    `a connection from the source port ${source} to this peer is still open or has just ended; ` +
    'the system keeps it for up to a minute (TIME_WAIT), so wait, or leave the port out of "bind"'
  )
}
