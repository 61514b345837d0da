import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packAll, userEnvironment } from './tarballs.js'

const DEADLINE_MS = 120_000

/** The errors of npm if the registry cannot be reached, or if npm is offline and its cache is empty. */
const NO_REGISTRY =
  /E(NOTFOUND|AI_AGAIN|CONNREFUSED|CONNRESET|TIMEDOUT|NETUNREACH|HOSTUNREACH|NOTCACHED)/

/**
 * A folder in which the packages are installed from tarballs, without access to this repository. Their dependencies
 * come from the cache of npm, and if they are missing there, from the configured registry.
 *
 * @returns undefined if no registry can be reached; then it prints the reason
 */
export async function installedPackages(): Promise<string | undefined> {
  const packed = await packAll()
  const folder = mkdtempSync(join(tmpdir(), 'commloop-installed-'))
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  const files = packed.tarballs.map(({ file }) => file)
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  try {
    execFileSync('npm', ['install', ...quiet, ...files], {
      cwd: folder,
      env: userEnvironment(),
      stdio: 'pipe',
      timeout: DEADLINE_MS,
    })
    return folder
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    const { stderr, code } = error as { readonly stderr?: Buffer; readonly code?: string }
    const [reason] = NO_REGISTRY.exec(`${stderr?.toString() ?? ''} ${code ?? ''}`) ?? []
    if (reason === undefined) throw error
    console.warn(`SKIPPED: installed packages. npm cannot reach its registry (${reason})`)
    return undefined
  } finally {
    rmSync(packed.folder, { recursive: true, force: true })
  }
}
