import { constants, type X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { CommloopError } from '@commloop/core'
import { foundText } from './found-text.js'
import { certificatesOf, pemText, privateKeyOf } from './pem-text.js'

/**
 * TLS for one dial (`transportOptions: { tls }`) or one listener (`listen: { tls }`).
 *
 * `cert`, `key` and `ca` are PEM text, its bytes, or the path of a file with it; a relative path begins at the
 * working folder. Files are read when listening begins, and anew for each dial.
 *
 * A type and no interface, so that it fits where core takes any transport's options.
 */
export type TlsOptions = {
  /** Our certificate, with those between it and an authority that the peer knows. A listener must have one. */
  readonly cert?: string | Uint8Array
  /** The private key of `cert`, without a passphrase. */
  readonly key?: string | Uint8Array
  /**
   * The authorities whose signature counts, or the peers' own self-signed certificates; nobody else's does. A dial
   * without it trusts the public authorities that Node brings. A listener must have one, unless it verifies nobody.
   */
  readonly ca?: string | Uint8Array
  /**
   * Default true. A dial then wants the peer's certificate to be valid for the place dialled, and a listener demands
   * a valid certificate of whoever connects: mutual TLS. With false anybody can pretend to be the peer, and no
   * connection has an identity.
   */
  readonly verifyPeer?: boolean
  /** Dial only: the name, or address, that the peer's certificate must have; default: the place dialled. */
  readonly servername?: string
  /** Default `TLSv1.2`. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
}

/** `TlsOptions`, checked, with the files read. */
export interface TlsSettings {
  readonly context: SecureContextOptions
  readonly verifyPeer: boolean
  readonly servername: string | undefined
}

/** What is wrong with TLS options, and what is merely unwise. */
export interface TlsCheck {
  readonly problems: readonly TlsProblem[]
  readonly warnings: readonly string[]
}

export interface TlsProblem {
  /** undefined: the options as a whole. */
  readonly option: string | undefined
  /** What was expected, and what was found. */
  readonly message: string
}

const COMMON = ['cert', 'key', 'ca', 'verifyPeer', 'minVersion']
const KNOWN = { dial: [...COMMON, 'servername'], listen: COMMON }
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const

/** Judges options that may be of any type, reading the files that they name. */
export function checkTls(call: 'dial' | 'listen', options: unknown): TlsCheck {
  const { problems, warnings } = new TlsReader(call, options)
  return { problems, warnings }
}

/** @throws CommloopError CML_ERR_CONFIG_INVALID naming everything that is wrong. */
export function tlsSettings(call: 'dial' | 'listen', options: unknown): TlsSettings {
  const { settings, problems } = new TlsReader(call, options)
  if (problems.length === 0) return settings
  const text = problems.map(({ option, message }) =>
    option === undefined ? `tls: ${message}` : `tls.${option}: ${message}`,
  )
  throw new CommloopError('CML_ERR_CONFIG_INVALID', `transport tcp, ${call}: ${text.join('; ')}`)
}

/** Reads one set of options, and goes on after a mistake. */
class TlsReader {
  readonly problems: TlsProblem[] = []
  readonly warnings: string[] = []
  readonly settings: TlsSettings
  readonly #call: 'dial' | 'listen'
  readonly #options: Readonly<Record<string, unknown>>

  constructor(call: 'dial' | 'listen', options: unknown) {
    this.#call = call
    this.#options = isRecord(options) ? options : {}
    if (!isRecord(options)) this.#problem(undefined, `expected a map, found ${foundText(options)}`)
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
        // Each connection proves itself anew: a session that is taken up again would outlive its certificate.
        secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
      },
    }
    if (this.problems.length === 0) this.#tryContext()
  }

  #problem(option: string | undefined, message: string): void {
    this.problems.push({ option, message })
  }

  #refuseUnknown(): void {
    const known = KNOWN[this.#call]
    for (const name of Object.keys(this.#options)) {
      if (known.includes(name)) continue
      this.#problem(name, `no such option for a ${this.#call}; there are ${known.join(', ')}`)
    }
  }

  #verifyPeer(): boolean {
    const { verifyPeer = true } = this.#options
    if (typeof verifyPeer !== 'boolean') {
      this.#problem('verifyPeer', `expected true or false, found ${foundText(verifyPeer)}`)
    } else if (!verifyPeer) {
      this.warnings.push(
        this.#call === 'dial'
          ? 'verifyPeer: false: whoever answers is taken for the peer'
          : 'verifyPeer: false: whoever connects is known by the address alone',
      )
    }
    return verifyPeer !== false
  }

  #ownCertificate(): { readonly cert?: string; readonly key?: string } {
    const { cert, key } = this.#options
    if (cert === undefined && key === undefined) {
      if (this.#call === 'listen') this.#problem('cert', 'a listener needs a certificate')
      return {}
    }
    if (cert === undefined) this.#problem('cert', 'needed where "key" is given')
    if (key === undefined) this.#problem('key', 'needed where "cert" is given')
    const certText = this.#pem('cert', cert)
    const keyText = this.#pem('key', key)
    const certificate = this.#certificates('cert', certText)[0]
    if (certificate !== undefined) this.#judgeOwn(certificate, keyText)
    return { cert: certText ?? '', key: keyText ?? '' }
  }

  #judgeOwn(certificate: X509Certificate, keyText: string | undefined): void {
    if (keyText !== undefined) {
      const key = privateKeyOf(keyText)
      if ('lack' in key) this.#problem('key', key.lack)
      else if (!certificate.checkPrivateKey(key)) {
        this.#problem('key', 'the key does not belong to the certificate of "cert"')
      }
    }
    const nowMs = Date.now()
    const { validFrom, validTo } = certificate
    if (Date.parse(validTo) < nowMs) this.warnings.push(`cert: expired on ${validTo}`)
    else if (Date.parse(validFrom) > nowMs) this.warnings.push(`cert: valid from ${validFrom} on`)
  }

  #authorities(verifyPeer: boolean): string | undefined {
    const { ca } = this.#options
    if (ca !== undefined) {
      const text = this.#pem('ca', ca)
      this.#certificates('ca', text)
      return text
    }
    if (this.#call === 'listen' && verifyPeer) {
      const choice = 'expected the certificates of those who sign for peers, or verifyPeer: false'
      this.#problem('ca', `${choice}; found nothing`)
    }
    return undefined
  }

  #pem(option: string, value: unknown): string | undefined {
    if (value === undefined) return undefined
    const pem = pemText(value)
    if ('text' in pem) return pem.text
    this.#problem(option, pem.lack)
    return undefined
  }

  #certificates(option: string, text: string | undefined): readonly X509Certificate[] {
    if (text === undefined) return []
    const certificates = certificatesOf(text)
    if (certificates.length === 0) this.#problem(option, 'no certificate in it, or a broken one')
    return certificates
  }

  #servername(): string | undefined {
    const { servername } = this.#options
    if (servername === undefined || this.#call === 'listen') return undefined
    if (typeof servername === 'string' && servername !== '') return servername
    this.#problem('servername', `expected a host name, found ${foundText(servername)}`)
    return undefined
  }

  #minVersion(): 'TLSv1.2' | 'TLSv1.3' {
    const { minVersion = 'TLSv1.2' } = this.#options
    const version = VERSIONS.find((each) => each === minVersion)
    if (version === undefined) {
      const expected = 'expected "TLSv1.2" or "TLSv1.3"'
      this.#problem('minVersion', `${expected}, found ${foundText(minVersion)}`)
    }
    return version ?? 'TLSv1.2'
  }

  /** What only OpenSSL can tell, such as a key that it finds too small. */
  #tryContext(): void {
    try {
      createSecureContext(this.settings.context)
    } catch (error) {
      this.#problem(undefined, `OpenSSL refuses: ${reasonOf(error)}`)
    }
  }
}

/** Of `error:0A00018F:SSL routines::ee key too small` the last part. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split(':').findLast((part) => part !== '') ?? text
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
