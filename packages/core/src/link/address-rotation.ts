import { ipKey, parseIp } from '../address/ip-address.js'

/** Failed addresses remembered. A name with more addresses than this still rotates, through the most recent ones. */
const FAILED_MAX = 64

/** How a link chooses among the addresses of its peer. */
export type AddressOrder = 'rotate' | 'prefer-first'

/**
 * Which address of its peer a link dials next. An address fails if a dial to it, or a connection to it, ends without a
 * proof of life. The link then goes on with an address that has never failed, or else with the one whose failure is the
 * oldest. Addresses are remembered by their bytes and not by their position, because name servers change the order of
 * their answers.
 *
 *     rotate:        stays with the address that gave the last proof of life
 *     prefer-first:  begins with the first address again after each proof of life
 */
export class AddressRotation {
  #hosts: readonly string[]
  #order: AddressOrder
  /** Entries of the table that failed, the oldest failure first; and addresses, mostly of names. */
  readonly #failed = new Set<string>()
  /** The host and the address that gave the last proof of life. */
  #proven: readonly string[] = []
  #host: string
  /** The address that is being dialled or is connected; undefined: the host is an address, or is being looked up. */
  #address: string | undefined
  /** The addresses of the host's name, in the order of the resolver. */
  #known: readonly string[] = []

  constructor(hosts: readonly string[], order: AddressOrder) {
    this.#hosts = hosts
    this.#order = order
    this.#host = hosts[0] ?? ''
  }

  /** The table has changed. `elsewhere`: the link dials another place, so former failures do not count there. */
  reconfigure(hosts: readonly string[], order: AddressOrder, elsewhere: boolean): void {
    this.#hosts = hosts
    this.#order = order
    if (elsewhere) this.#failed.clear()
    if (hosts.includes(this.#host)) return
    this.#host = hosts[0] ?? ''
    this.#address = undefined
    this.#known = []
  }

  /** The host for the next dial. */
  get #next(): string {
    return this.#inOrder(this.#hosts)[0] ?? ''
  }

  /** The address with which the next dial begins; a name whose addresses are not known yet. */
  get upcoming(): string {
    const host = this.#next
    return host === this.#host ? (this.#inOrder(this.#known)[0] ?? host) : host
  }

  /** The address of the present dial or connection; a name while it is being looked up. */
  get present(): string {
    return this.#address ?? this.#host
  }

  /** A dial begins. @returns the host to dial */
  begin(): string {
    const host = this.#next
    if (host !== this.#host) this.#known = []
    this.#host = host
    this.#address = undefined
    return host
  }

  /** The order in which to try the addresses of the host's name. */
  ordered(known: readonly string[]): string[] {
    this.#known = known
    return this.#inOrder(known)
  }

  /** The dial goes on with this address of the name. The one before has failed. */
  trying(address: string): void {
    this.#fail(this.#address)
    this.#address = address
  }

  /** The dial, or the connection that it opened, has ended without a proof of life. */
  failed(): void {
    this.#fail(this.#address)
    this.#fail(this.#host)
    this.#address = undefined
  }

  proved(): void {
    const proven = [this.#host, ...(this.#address === undefined ? [] : [this.#address])]
    if (this.#order === 'prefer-first') this.#failed.clear()
    else for (const text of proven) this.#failed.delete(keyOf(text))
    this.#proven = proven.map(keyOf)
  }

  /** Whether the present address is not the first one of the table and of its name. */
  get isElsewhere(): boolean {
    const [first] = this.#known
    const isFirst = this.#address === undefined || first === undefined || first === this.#address
    return this.#host !== this.#hosts[0] || !isFirst
  }

  #fail(text: string | undefined): void {
    if (text === undefined) return
    const key = keyOf(text)
    // Deleted and added again: the first of the set is then the oldest failure.
    this.#failed.delete(key)
    this.#failed.add(key)
    if (this.#failed.size <= FAILED_MAX) return
    const [oldest] = this.#failed
    if (oldest !== undefined) this.#failed.delete(oldest)
  }

  #inOrder(texts: readonly string[]): string[] {
    if (texts.length < 2) return [...texts]
    const failed = [...this.#failed]
    const rank = (text: string): number => {
      const key = keyOf(text)
      const age = failed.indexOf(key)
      if (age !== -1) return age + 1
      return this.#order === 'rotate' && this.#proven.includes(key) ? -1 : 0
    }
    return [...texts].sort((left, right) => rank(left) - rank(right))
  }
}

/** Equal for all ways to write an address. */
function keyOf(text: string): string {
  const bytes = parseIp(text)
  return bytes === undefined ? text : ipKey(bytes)
}
