import type { CommloopError } from '@commloop/core'

/** What to do if a port cannot be opened, by the error code of the operating system. */
const LISTEN_REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'another program uses this port, perhaps a commloop that is still running. ' +
    'Stop it (`ss -ltnp` names it), or change listen.port',
  EACCES: 'this user may not open this port: use a port above 1023, or grant CAP_NET_BIND_SERVICE',
  EADDRNOTAVAIL:
    'this machine does not have this address: set listen.host to one of its addresses, or to 0.0.0.0 for all',
}

/** What to do if a port cannot be opened; undefined if the message already says it, or if there is no known remedy. */
export function remedyOf(error: CommloopError): string | undefined {
  return error.code === 'CML_ERR_LISTEN' ? LISTEN_REMEDIES[causeCode(error)] : undefined
}

function causeCode(error: CommloopError): string {
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}
