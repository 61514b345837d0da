import { isIPv4, isIPv6 } from 'node:net'
import type { PeerCertificate } from 'node:tls'

/** `TYPE:value`. Node quotes a value if it contains characters that could be read as the next entry. */
const ALTERNATIVE = /(?:^|, )(?<type>[A-Za-z ]+):(?<value>"(?:[^"\\]|\\.)*"|[^,"]*)/gy

/**
 * The names that a verified certificate proves: its subject's alternative names that are DNS names, addresses and
 * URIs (RFC 5280, section 4.2.1.6), its common name only if it has no alternative names at all, and `sha256:<hex>`, the
 * fingerprint of the certificate.
 *
 * DNS names are in lower case, IPv6 addresses in the short form of RFC 5952. A peer with a signed name of one type must not
 * pass for a name of another type, so a DNS name that looks like an address, a URI or a fingerprint is ignored.
 */
export function provedNames(certificate: PeerCertificate): readonly string[] {
  const fingerprint = `sha256:${certificate.fingerprint256.replaceAll(':', '').toLowerCase()}`
  const alternatives = certificate.subjectaltname
  if (alternatives === undefined) return [...commonName(certificate), fingerprint]
  return [...alternativeNames(alternatives), fingerprint]
}

function commonName({ subject }: PeerCertificate): string[] {
  // If there are several common names, Node gives a list, and none of them counts.
  const name = (subject as { readonly CN?: unknown } | undefined)?.CN
  return typeof name === 'string' && isPlainName(name) ? [name.toLowerCase()] : []
}

function alternativeNames(text: string): string[] {
  const names: string[] = []
  let readBytes = 0
  for (const match of text.matchAll(ALTERNATIVE)) {
    const { type = '', value = '' } = match.groups ?? {}
    readBytes += match[0].length
    const name = nameOf(type, value)
    if (name !== undefined) names.push(name)
  }
  // If part of the text cannot be parsed, the rest is not trusted either.
  return readBytes === text.length ? names : []
}

function nameOf(type: string, value: string): string | undefined {
  // Usual names do not need quotes.
  if (value === '' || value.startsWith('"')) return undefined
  if (type === 'DNS') return isPlainName(value) ? value.toLowerCase() : undefined
  if (type === 'URI') return isUri(value) ? value : undefined
  if (type === 'IP Address') return addressName(value)
  return undefined
}

function isPlainName(name: string): boolean {
  return name !== '' && !/[:/]/.test(name) && !isIPv4(name)
}

function isUri(text: string): boolean {
  return /^(?!sha256:)[a-z][a-z\d+.-]*:/i.test(text) && !isIPv6(text)
}

/**
 * Why no certificate can prove this name; undefined if one can. Names are compared as text, so they must be written as
 * `provedNames` writes them.
 */
export function unprovableName(name: string): string | undefined {
  if (/^sha256:/i.test(name)) {
    if (/^sha256:[\da-f]{64}$/.test(name)) return undefined
    return 'expected sha256: and 64 hexadecimal digits in lower case, without colons'
  }
  const short = isIPv6(name) ? addressName(name) : undefined
  const written = short ?? (name.includes(':') ? name : name.toLowerCase())
  return written === name ? undefined : `no certificate can prove this spelling; write ${written}`
}

/** Shortens an IPv6 address: Node writes it with all its zeros. */
function addressName(text: string): string | undefined {
  if (isIPv4(text)) return text
  return isIPv6(text) ? new URL(`tcp://[${text}]`).hostname.slice(1, -1) : undefined
}
