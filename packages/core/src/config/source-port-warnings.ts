import { addressText } from '../address/address-text.js'
import { isSameAddress, isUnspecified, parseIp } from '../address/ip-address.js'
import type { ConfigProblem } from './config-problem.js'
import type { ActiveEntryConfig, NodeConfig } from './node-config.js'

/** An entry whose dials come from a fixed port. */
type FixedSource = ActiveEntryConfig & { readonly bind: string; readonly bindPort: number }

/** Source ports that cannot work for all entries at the same time, although each entry is valid. */
export function sourcePortWarnings({ entries, listen }: NodeConfig): ConfigProblem[] {
  const fixed = entries.filter((entry): entry is FixedSource => {
    return entry.role === 'active' && entry.enabled && entry.bindPort !== undefined
  })
  return fixed.flatMap((entry, at) => {
    const path = ['links', entry.index, 'bind']
    const source = addressText({ ip: entry.bind, port: entry.bindPort })
    const warnings: ConfigProblem[] = []
    const twin = fixed.slice(0, at).find((earlier) => sharesConnection(earlier, entry))
    if (twin !== undefined) {
      const message = `"${twin.id}" dials the same peer from ${source} too, and only one of them can be connected: give each its own port`
      warnings.push({ path, message })
    }
    if (listen?.port === entry.bindPort && overlap(listen.host, entry.bind)) {
      const message = `this node listens at ${addressText({ ip: listen.host, port: listen.port })}, so it cannot dial from ${source}: choose another port`
      warnings.push({ path, message })
    }
    return warnings
  })
}

/** TCP tells connections apart by both addresses and both ports. */
function sharesConnection(left: FixedSource, right: FixedSource): boolean {
  return (
    left.bindPort === right.bindPort &&
    left.port === right.port &&
    overlap(left.bind, right.bind) &&
    left.hosts.some((host) => right.hosts.some((other) => samePlace(host, other)))
  )
}

function samePlace(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase() || isSameAddress(left, right)
}

function overlap(left: string, right: string): boolean {
  return isSameAddress(left, right) || [left, right].some(isAny)
}

function isAny(ip: string): boolean {
  const address = parseIp(ip)
  return address !== undefined && isUnspecified(address)
}
