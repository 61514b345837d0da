import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Paths of a certificate and its key. */
export interface Identity {
  readonly cert: string
  readonly key: string
}

export interface CertificateWishes {
  /** In the form of openssl, `DNS:localhost,IP:127.0.0.1`; undefined: none. */
  readonly names?: string | undefined
  /** Default: the certificate's own name. */
  readonly subject?: string
  /** Default a year ago. */
  readonly fromMs?: number
  /** Default in a year. */
  readonly toMs?: number
  /** `serverAuth` or `clientAuth`; undefined: for all purposes. */
  readonly usage?: string
}

const DAY_MS = 86_400_000
export const LOOPBACK_NAMES = 'DNS:localhost,IP:127.0.0.1,IP:::1'

/** Whether the command `openssl` is installed; if not, prints what is skipped. */
export function opensslIsMissing(suite: string): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' })
    return false
  } catch {
    console.warn(`SKIPPED: ${suite}. Missing Debian packages: openssl`)
    return true
  }
}

/** Certificates and keys in a separate folder, made by openssl for this test only. */
export class CertificateFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'commloop-tls-'))

  /** An authority that signs for others. @returns the path of its certificate */
  authority(name: string): string {
    const constraint = ['-addext', 'basicConstraints=critical,CA:TRUE']
    this.#openssl('req', '-x509', '-days', '30', ...this.#newKey(name), ...constraint)
    mkdirSync(this.#path(`${name}.db`))
    writeFileSync(this.#path(`${name}.db/index.txt`), '')
    return this.#path(`${name}.pem`)
  }

  /** A certificate that is signed by an authority of this folder. */
  signed(name: string, authority: string, wishes: CertificateWishes = {}): Identity {
    const { names = LOOPBACK_NAMES, usage, subject = name } = wishes
    const { fromMs = Date.now() - 365 * DAY_MS, toMs = Date.now() + 365 * DAY_MS } = wishes
    const request = this.#path(`${name}.csr`)
    this.#openssl('req', ...this.#newKey(name, subject, request))
    const extensions = [
      'basicConstraints=CA:FALSE',
      ...('names' in wishes && wishes.names === undefined ? [] : [`subjectAltName=${names}`]),
      ...(usage === undefined ? [] : [`extendedKeyUsage=${usage}`]),
    ]
    writeFileSync(this.#path(`${name}.ext`), extensions.join('\n'))
    const config = this.#path(`${name}.conf`)
    writeFileSync(config, this.#authorityConfig(authority))
    const span = ['-startdate', asn1Time(fromMs), '-enddate', asn1Time(toMs)]
    const files = ['-in', request, '-out', this.#path(`${name}.pem`), '-notext']
    const rules = ['-config', config, '-extfile', this.#path(`${name}.ext`)]
    this.#openssl('ca', '-batch', ...rules, ...files, ...span)
    return { cert: this.#path(`${name}.pem`), key: this.#path(`${name}.key`) }
  }

  /** A self-signed certificate. */
  selfSigned(name: string): Identity {
    const extensions = ['basicConstraints=CA:FALSE', `subjectAltName=${LOOPBACK_NAMES}`]
    const added = extensions.flatMap((extension) => ['-addext', extension])
    this.#openssl('req', '-x509', '-days', '30', ...this.#newKey(name), ...added)
    return { cert: this.#path(`${name}.pem`), key: this.#path(`${name}.key`) }
  }

  /** A certificate with a key that is too short to be trusted. */
  weak(name: string): Identity {
    const key = ['-newkey', 'rsa:512', '-nodes', '-keyout', this.#path(`${name}.key`)]
    const rest = ['-out', this.#path(`${name}.pem`), ...subj(name)]
    this.#openssl('req', '-x509', '-days', '30', ...this.#config(), ...key, ...rest)
    return { cert: this.#path(`${name}.pem`), key: this.#path(`${name}.key`) }
  }

  /** The same key, encrypted with a passphrase. @returns its path */
  protectedKey(key: string): string {
    this.#openssl('pkcs8', '-topk8', '-in', key, '-out', `${key}.locked`, '-passout', 'pass:secret')
    return `${key}.locked`
  }

  /** `sha256:<hex>`, as openssl counts it. */
  fingerprint(cert: string): string {
    const text = this.#openssl('x509', '-noout', '-fingerprint', '-sha256', '-in', cert)
    return `sha256:${(text.split('=')[1] ?? '').trim().replaceAll(':', '').toLowerCase()}`
  }

  /** Writes a file. @returns its path */
  file(name: string, text: string): string {
    writeFileSync(this.#path(name), text)
    return this.#path(name)
  }

  /** The text of a file. */
  text(path: string): string {
    return readFileSync(path, 'utf8')
  }

  dispose(): void {
    rmSync(this.path, { recursive: true })
  }

  #path(name: string): string {
    return join(this.path, name)
  }

  /** Arguments for a new key, and for a certificate or a request for one. */
  #newKey(name: string, subject = name, out = this.#path(`${name}.pem`)): string[] {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const files = ['-keyout', this.#path(`${name}.key`), '-out', out]
    return [...curve, ...this.#config(), ...files, ...subj(subject)]
  }

  /** Without the additions of the configuration of the machine. */
  #config(): string[] {
    return ['-config', this.file('req.conf', '[req]\ndistinguished_name=dn\n[dn]\n')]
  }

  #authorityConfig(authority: string): string {
    const own = this.#path(authority)
    return [
      '[ca]',
      'default_ca=own',
      '[own]',
      `database=${own}.db/index.txt`,
      `new_certs_dir=${own}.db`,
      `certificate=${own}.pem`,
      `private_key=${own}.key`,
      'default_md=sha256',
      'rand_serial=yes',
      'unique_subject=no',
      'policy=any',
      '[any]',
      'commonName=optional',
      '',
    ].join('\n')
  }

  #openssl(...args: readonly string[]): string {
    return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  }
}

function subj(name: string): string[] {
  return ['-subj', `/CN=${name}`]
}

/** `20260131235959Z` */
function asn1Time(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, '').replaceAll(/[-:T]/g, '')
}
