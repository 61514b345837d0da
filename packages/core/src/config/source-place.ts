import { addressSlip } from '../address/address-slip.js'
import { parseIp } from '../address/ip-address.js'
import { describeValue } from '../text/describe-value.js'

/** Where dials come from. */
export interface SourcePlace {
  readonly ip: string
  /** undefined: a port that the system chooses for each dial. */
  readonly port: number | undefined
}

const PORT_MAX = 65_535
const IPV4_AND_PORT = /^(?<ip>[^:[\]]+):(?<port>\d+)$/
const IPV6_AND_PORT = /^\[(?<ip>[^\]]+)\](?::(?<port>\d+))?$/

/** Reads `192.168.0.1`, `192.168.0.1:5000`, `fd00::1` or `[fd00::1]:5000`. @returns the place, or what is wrong */
export function parseSourcePlace(text: string): SourcePlace | string {
  if (parseIp(text) !== undefined) return { ip: text, port: undefined }
  const { ip, port } = (IPV4_AND_PORT.exec(text) ?? IPV6_AND_PORT.exec(text))?.groups ?? {}
  if (ip === undefined || parseIp(ip) === undefined) {
    return `expected an IP address, ${addressSlip('bind', text) ?? `found ${describeValue(text)}`}`
  }
  if (port === undefined) return { ip, port: undefined }
  const number = Number(port)
  return number >= 1 && number <= PORT_MAX
    ? { ip, port: number }
    : `expected a source port of 1–${String(PORT_MAX)}, found ${port}; without a port, the system chooses one`
}
