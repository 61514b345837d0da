import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { digits, type Figure } from './figure.js'
import { ROOT, runProgram } from './node-script.js'
import { provenByTests } from './proven-by-tests.js'

const ERROR_PATHS = 'test/robustness/transport-errors.test.ts'
const BRANCHES_MIN = 95

interface Share {
  readonly package: string
  readonly covered: number
  readonly total: number
}

/** Branches of each package that the tests of `npm run coverage` have taken. */
async function branchShares(): Promise<readonly Share[]> {
  const folder = mkdtempSync(join(tmpdir(), 'commloop-bar-'))
  try {
    const command = ['run', 'coverage', '--', '--coverage.reporter=json-summary']
    const { stderr, stdout } = await runProgram('npm', [
      ...command,
      `--coverage.reportsDirectory=${folder}`,
    ])
    const path = join(folder, 'coverage-summary.json')
    const shares = sharesOf(JSON.parse(readFileSync(path, 'utf8')) as Summary)
    if (shares.length === 0) throw new Error(`${stdout}${stderr}`.slice(-2_000))
    return shares
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

type Summary = Readonly<
  Record<string, { readonly branches: { readonly covered: number; readonly total: number } }>
>

function sharesOf(summary: Summary): Share[] {
  const shares = new Map<string, Share>()
  for (const [file, { branches }] of Object.entries(summary)) {
    const name = /packages\/([^/]+)\/src\//.exec(file)?.[1]
    if (name === undefined) continue
    const { covered = 0, total = 0 } = shares.get(name) ?? {}
    shares.set(name, {
      package: name,
      covered: covered + branches.covered,
      total: total + branches.total,
    })
  }
  return [...shares.values()]
}

function percent({ covered, total }: Share): number {
  return (100 * covered) / total
}

async function errorPaths(size: 'short' | 'full') {
  const cases = await provenByTests([ERROR_PATHS])(size)
  if (size === 'short') return cases
  const shares = await branchShares()
  const named = shares.map((share) => `${share.package} ${digits(percent(share), 1)} %`)
  return {
    measured: `${cases.measured}; branches ${named.join(', ')}`,
    held: cases.held && shares.every((share) => percent(share) >= BRANCHES_MIN),
  }
}

/** What a checkout has, without what was installed or built in it. */
async function bareCheckout(folder: string): Promise<void> {
  const cloned = await runProgram('git', ['clone', '--quiet', '--no-hardlinks', ROOT, folder])
  if (cloned.code !== 0) throw new Error(cloned.stderr)
}

const INSTALL: readonly (readonly string[])[] = [
  ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'],
  ['run', 'build'],
  // The others start processes and take minutes; `npm test` runs them.
  ['exec', '--', 'vitest', 'run', '--project', 'core', '--project', 'codec-len16'],
]

/** The commands one after the other, to the first that fails. */
async function installed(): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'commloop-bare-'))
  try {
    await bareCheckout(folder)
    for (const args of INSTALL) {
      const { code, stdout, stderr } = await runProgram('npm', args, folder)
      if (code !== 0) return `npm ${args.join(' ')}: ${(stdout + stderr).slice(-1_000)}`
    }
    return undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly hasInstallScript?: boolean; readonly dev?: boolean }>
  >
}

/** Packages that a user would install and that want to run a script while they are installed. */
function scriptsOfUsers(): string[] {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock
  return Object.entries(lock.packages)
    .filter(([, { hasInstallScript, dev }]) => hasInstallScript === true && dev !== true)
    .map(([path]) => path)
}

/** Only the bench, which is not published, has dependencies with a script; lmdb brings msgpackr. */
const OF_THE_BENCH = ['node_modules/zeromq', 'node_modules/lmdb', 'node_modules/msgpackr-extract']

export const CODE_FIGURES: readonly Figure[] = [
  {
    id: 'B26',
    sentence:
      'The node survives every transport error at every call, and the tests cover the branches',
    target:
      'every code at every call; branch coverage of core, codec-len16 and transport-tcp: 95 % each',
    world: 'simulated',
    needs: undefined,
    timed: false,
    run: errorPaths,
  },
  {
    id: 'B30',
    sentence:
      'A fresh checkout installs without a script or a compiler, builds, and passes its unit tests',
    target: 'npm ci --ignore-scripts, npm run build and the tests of core and codec succeed',
    world: 'processes',
    needs: 'the npm registry',
    timed: false,
    run: async (size) => {
      const scripts = scriptsOfUsers().filter((path) => !OF_THE_BENCH.includes(path))
      if (scripts.length > 0) {
        return { measured: `scripts at install: ${scripts.join(' ')}`, held: false }
      }
      if (size === 'short') return { measured: 'no script at install', held: true }
      const failure = await installed()
      return { measured: failure ?? 'all three succeed', held: failure === undefined }
    },
  },
]
