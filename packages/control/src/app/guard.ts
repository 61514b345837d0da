import { createHash, timingSafeEqual } from 'node:crypto'
import { parseIp } from '@commloop/core'
import type { MiddlewareHandler } from 'hono'
import type { AppEnvironment } from './control-app.js'
import { RequestRefused } from './request-refused.js'

/**
 * Checks every request of a TCP listener. If there is a token, the request must contain it. Otherwise the `Host` header
 * must be an IP address or `localhost`: a web page can make its own domain name resolve to 127.0.0.1 and read the
 * responses (DNS rebinding), but it cannot make a browser send an IP address as `Host`.
 *
 * @throws RequestRefused 401 without the right token, 403 for another `Host`
 */
export function guard(token: string | undefined): MiddlewareHandler<AppEnvironment> {
  const expected = token === undefined ? undefined : digest(`Bearer ${token}`)
  return async (call, next) => {
    const { authorization = '', host = '' } = call.env.incoming.headers
    if (expected === undefined) {
      if (!isPlainHost(host))
        throw new RequestRefused(403, 'the Host header must be an IP address or localhost')
    } else if (!timingSafeEqual(digest(authorization), expected)) {
      throw new RequestRefused(401, 'a token is required: Authorization: Bearer …')
    }
    await next()
  }
}

/** Digests have one length, so comparing them takes the same time whatever the client has sent. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function isPlainHost(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || parseIp(name) !== undefined
}
