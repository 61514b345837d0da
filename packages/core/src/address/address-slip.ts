import { parseIp } from './ip-address.js'

/** The keys whose value is an address or a name; for `ip` and `host` of an entry, or a list of them. */
export type AddressKey = 'ip' | 'host' | 'bind' | 'listen.host'

const URL_START = /^[a-z][a-z\d+.-]*:\/\//i
const SEPARATORS = /[\s,;|]+/
const BRACKETS = /^\[(?<ip>[^\]]*)\](?::(?<port>\d+))?$/
const NAME_AND_PORT = /^(?<name>[^:]+):(?<port>\d+)$/

/**
 * What is wrong with a text that contains more than one address or name, such as a list or a port, and what to write
 * instead. undefined: it contains one word, which may still be wrong.
 */
export function addressSlip(key: AddressKey, text: string): string | undefined {
  const found = `found ${JSON.stringify(text)}`
  if (URL_START.test(text)) return `${found}, which is a URL; ${remedyForUrl(key, text)}`
  const parts = text.split(SEPARATORS).filter((part) => part !== '')
  const [only = ''] = parts
  if (parts.length > 1) {
    return `${found}, which is a list in one text; ${remedyForList(key, parts)}`
  }
  if (only !== text && only !== '') return `${found}; remove the blanks: ${lastKey(key)}: ${only}`
  return key === 'bind' ? undefined : slipWithPort(key, text, found)
}

function remedyForList(key: AddressKey, parts: readonly string[]): string {
  if (key === 'bind') return '"bind" has one address, and each entry may have its own'
  if (key === 'listen.host') return 'this key has one address, and 0.0.0.0 stands for all of them'
  return `write ${key}: [${parts.join(', ')}]`
}

function lastKey(key: AddressKey): string {
  return key === 'listen.host' ? 'host' : key
}

function slipWithPort(key: AddressKey, text: string, found: string): string | undefined {
  const { ip, port: portBehind } = BRACKETS.exec(text)?.groups ?? {}
  if (ip !== undefined) {
    const without = `${found}; write the address without brackets: ${lastKey(key)}: '${ip}'`
    return portBehind === undefined ? without : `${without}, port: ${portBehind}`
  }
  const { name, port } = NAME_AND_PORT.exec(text)?.groups ?? {}
  if (name === undefined || port === undefined) return undefined
  return `${found}; the port has its own key: ${lastKey(key)}: ${name}, port: ${port}`
}

/** A URL names a host, and perhaps a port. */
function remedyForUrl(key: AddressKey, text: string): string {
  const authority = text.replace(URL_START, '').replace(/[/?#].*$/s, '')
  const place = authority.slice(authority.lastIndexOf('@') + 1)
  const bracketed = BRACKETS.exec(place)?.groups
  const plain = NAME_AND_PORT.exec(place)?.groups
  const name = bracketed?.['ip'] ?? plain?.['name'] ?? place
  const port = bracketed?.['port'] ?? plain?.['port']
  if (name === '') return 'write only the address or the name'
  const written = name.includes(':') ? `'${name}'` : name
  const right = key === 'ip' && parseIp(name) === undefined ? 'host' : lastKey(key)
  return `write ${right}: ${written}${port === undefined ? '' : `, port: ${port}`}`
}
