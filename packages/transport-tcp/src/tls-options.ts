import { constants, type X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { CommloopError, describeValue, messageText, unknownOptionText } from '@commloop/core'
import { certificatesOf, pemText, privateKeyOf } from './pem-text.js'

/**
 * TLS for one dial (`transportOptions: { tls }`) or one listener (`listen: { tls }`).
 *
 * `cert`, `key` and `ca` are PEM text, its bytes, or the path of a file that contains it; a relative path starts at the
 * working folder. Files are read when listening begins, and again for each dial.
 *
 * A type instead of an interface, so that it is assignable to the options of any transport.
 */
export type TlsOptions = {
  /**
   * Our certificate, followed by the intermediate ones up to an authority that the peer knows. Required for a listener.
   */
  readonly cert?: string | Uint8Array
  /** The private key of `cert`, without a passphrase. */
  readonly key?: string | Uint8Array
  /**
   * The only authorities to trust, or the self-signed certificates of the peers. A dial without it trusts the public
   * authorities that Node contains. Required for a listener, unless `verifyPeer` is false.
   */
  readonly ca?: string | Uint8Array
  /**
   * Default true. A dial then requires a certificate that is valid for the dialled host, and a listener requires a
   * valid certificate from each peer: mutual TLS. With false, any program can pretend to be the peer, and no connection
   * has an identity.
   */
  readonly verifyPeer?: boolean
  /** Dial only: the name or address that the peer's certificate must contain; default: the dialled host. */
  readonly servername?: string
  /** Default `TLSv1.2`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
}

/** `TlsOptions`, validated, with the content of the files. */
export interface TlsSettings {
  readonly context: SecureContextOptions
  readonly verifyPeer: boolean
  readonly servername: string | undefined
}

/** Problems of TLS options, and warnings about options that work but are unsafe. */
export interface TlsCheck {
  readonly problems: readonly TlsProblem[]
  readonly warnings: readonly string[]
}

/** A mistake in TLS options. */
export interface TlsProblem {
  /** undefined: the problem concerns the options as a whole. */
  readonly option: string | undefined
  /** What was expected, and what was found. */
  readonly message: string
  /** true: there is no such option. */
  readonly isKey?: boolean
}

/** Who opens the connections: this node dials, or it listens for peers. TLS needs different options for the two. */
export type Direction = 'dial' | 'listen'

const COMMON = ['cert', 'key', 'ca', 'verifyPeer', 'minVersion']
const KNOWN = { dial: [...COMMON, 'servername'], listen: COMMON }
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

/** Validates options of any type, and reads the files that they name. */
export function checkTls(direction: Direction, options: unknown): TlsCheck {
  const { problems, warnings } = tlsRemarks(direction, options)
  return {
    problems,
    warnings: warnings.map(({ option = 'tls', message }) => `${option}: ${message}`),
  }
}

/** As `checkTls`, with the option of each warning. */
export function tlsRemarks(
  direction: Direction,
  options: unknown,
): { readonly problems: readonly TlsProblem[]; readonly warnings: readonly TlsProblem[] } {
  const { problems, warnings } = new TlsReader(direction, options)
  return { problems, warnings }
}

/** @throws CommloopError CML_ERR_CONFIG_INVALID with every problem. */
export function tlsSettings(direction: Direction, options: unknown): TlsSettings {
  const { settings, problems } = new TlsReader(direction, options)
  if (problems.length === 0) return settings
  const text = problems.map(({ option, message }) =>
    option === undefined ? `tls: ${message}` : `tls.${option}: ${message}`,
  )
  throw new CommloopError(
    'CML_ERR_CONFIG_INVALID',
    `transport tcp, ${direction}: ${text.join('; ')}`,
  )
}

/** Reads one set of options, and continues after a problem. */
class TlsReader {
  readonly problems: TlsProblem[] = []
  readonly warnings: TlsProblem[] = []
  readonly settings: TlsSettings
  readonly #direction: Direction
  readonly #options: Readonly<Record<string, unknown>>

  constructor(direction: Direction, options: unknown) {
    this.#direction = direction
    this.#options = isRecord(options) ? options : {}
    if (!isRecord(options))
      this.#problem(undefined, `expected a map, found ${describeValue(options)}`)
    this.#refuseUnknown()
    const verifyPeer = this.#verifyPeer()
    const own = this.#ownCertificate()
    const ca = this.#authorities(verifyPeer)
    this.settings = {
      verifyPeer,
      servername: this.#servername(),
      context: {
        ...own,
        ...(ca === undefined ? {} : { ca }),
        minVersion: this.#minVersion(),
        // Every connection makes a full handshake: a resumed session would outlive its certificate.
        secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
      },
    }
    if (this.problems.length === 0) this.#tryContext()
  }

  #problem(option: string | undefined, message: string): void {
    this.problems.push({ option, message })
  }

  #warning(option: string, message: string): void {
    this.warnings.push({ option, message })
  }

  #refuseUnknown(): void {
    const known = KNOWN[this.#direction]
    for (const name of Object.keys(this.#options)) {
      if (known.includes(name)) continue
      this.problems.push({
        option: name,
        message: unknownOptionText(name, known),
        isKey: true,
      })
    }
  }

  #verifyPeer(): boolean {
    const { verifyPeer = true } = this.#options
    if (typeof verifyPeer !== 'boolean') {
      this.#problem('verifyPeer', `expected true or false, found ${describeValue(verifyPeer)}`)
    } else if (!verifyPeer) {
      this.#warning(
        'verifyPeer',
        this.#direction === 'dial'
          ? 'false: any program that answers is accepted as the peer'
          : 'false: peers are identified by their address alone',
      )
    }
    return verifyPeer !== false
  }

  #ownCertificate(): { readonly cert?: string; readonly key?: string } {
    const { cert, key } = this.#options
    if (cert === undefined && key === undefined) {
      if (this.#direction === 'listen') this.#problem('cert', 'a listener needs a certificate')
      return {}
    }
    if (cert === undefined) this.#problem('cert', 'required because "key" is set')
    if (key === undefined) this.#problem('key', 'required because "cert" is set')
    const certText = this.#pem('cert', cert)
    const keyText = this.#pem('key', key)
    const certificate = this.#certificates('cert', certText)[0]
    if (certificate !== undefined) this.#judgeOwn(certificate, keyText)
    return { cert: certText ?? '', key: keyText ?? '' }
  }

  #judgeOwn(certificate: X509Certificate, keyText: string | undefined): void {
    if (keyText !== undefined) {
      const key = privateKeyOf(keyText)
      if ('problem' in key) this.#problem('key', key.problem)
      else if (!certificate.checkPrivateKey(key)) {
        this.#problem('key', 'the key does not belong to the certificate of "cert"')
      }
    }
    const nowMs = Date.now()
    const { validFrom, validTo } = certificate
    if (Date.parse(validTo) < nowMs) this.#warning('cert', `expired on ${validTo}`)
    else if (Date.parse(validFrom) > nowMs) this.#warning('cert', `valid from ${validFrom} on`)
  }

  #authorities(verifyPeer: boolean): string | undefined {
    const { ca } = this.#options
    if (ca !== undefined) {
      const text = this.#pem('ca', ca)
      this.#certificates('ca', text)
      return text
    }
    if (this.#direction === 'listen' && verifyPeer) {
      const choice = 'the certificates of the authorities that sign for peers, or verifyPeer: false'
      this.#problem('ca', `expected ${choice}; found nothing`)
    }
    return undefined
  }

  #pem(option: string, value: unknown): string | undefined {
    if (value === undefined) return undefined
    const pem = pemText(value)
    if ('text' in pem) return pem.text
    // A key that is not PEM is taken for the name of a file, so no message may contain that name.
    this.#problem(option, option === 'key' ? pem.withoutValue : pem.problem)
    return undefined
  }

  #certificates(option: string, text: string | undefined): readonly X509Certificate[] {
    if (text === undefined) return []
    const certificates = certificatesOf(text)
    if (certificates.length === 0)
      this.#problem(option, 'the text does not contain a valid certificate')
    return certificates
  }

  #servername(): string | undefined {
    const { servername } = this.#options
    if (servername === undefined || this.#direction === 'listen') return undefined
    if (typeof servername === 'string' && servername !== '') return servername
    this.#problem('servername', `expected a host name, found ${describeValue(servername)}`)
    return undefined
  }

  #minVersion(): 'TLSv1.2' | 'TLSv1.3' {
    const { minVersion = 'TLSv1.2' } = this.#options
    const version = VERSIONS.find((each) => each === minVersion)
    if (version === undefined) {
      const expected = 'expected "TLSv1.2" or "TLSv1.3"'
      this.#problem('minVersion', `${expected}, found ${describeValue(minVersion)}`)
    }
    return version ?? 'TLSv1.2'
  }

  /** Problems that only OpenSSL can find, such as a key that is too small. */
  #tryContext(): void {
    try {
      createSecureContext(this.settings.context)
    } catch (error) {
      this.#problem(undefined, `OpenSSL rejects it: ${reasonOf(error)}`)
    }
  }
}

/** The last part of `error:0A00018F:SSL routines::ee key too small`. */
function reasonOf(error: unknown): string {
  const text = messageText(error)
  return text.split(':').findLast((part) => part !== '') ?? text
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
