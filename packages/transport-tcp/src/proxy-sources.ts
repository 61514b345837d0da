import {
  type AddressPattern,
  describeValue,
  optionError,
  parseAddressPattern,
  parseIp,
  patternMatches,
} from '@commloop/core'

/** The balancers whose connections begin with a header of the PROXY protocol: `proxyProtocol: { from }`. */
export class ProxySources {
  readonly #patterns: readonly AddressPattern[]

  /** @throws CommloopError CML_ERR_CONFIG_INVALID */
  constructor(option: unknown) {
    const from = isMap(option) && Object.keys(option).join() === 'from' ? option['from'] : undefined
    if (!Array.isArray(from) || from.length === 0) {
      throw invalid(`expected { from: [addresses] }, found ${describeValue(option)}`)
    }
    this.#patterns = from.map((text: unknown) => {
      const pattern = typeof text === 'string' ? parseAddressPattern(text) : 'expected an address'
      if (typeof pattern === 'string') throw invalid(`from: ${pattern}`)
      // Every machine could then claim every address.
      if (pattern.kind === 'anyone')
        throw invalid('from: expected the addresses of balancers, found any address')
      return pattern
    })
  }

  has(ip: string): boolean {
    const address = parseIp(ip)
    return (
      address !== undefined && this.#patterns.some((pattern) => patternMatches(pattern, address))
    )
  }
}

function invalid(problem: string): Error {
  return optionError({ plugin: 'transport tcp, listen', option: 'proxyProtocol', problem })
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
