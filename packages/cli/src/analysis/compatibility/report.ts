import { visibleText } from '@commloop/core'
import type { CommandIo } from '../../command-line/command-io.js'
import { type ConfigTable, type LoadedConfig, loadTable, tableOf } from '@commloop/config'
import { tableBlock } from '../../terminal/table.js'
import { EXIT } from '../../command-line/exit-codes.js'
import { UsageError } from '../../command-line/usage-error.js'
import { compareTables, type MatchedLink, type TableComparison } from './compare-tables.js'
import { inferAddress, type SideAddress } from './infer-address.js'

export interface CompareRequest {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The peer's configuration. */
  readonly peerFile: string
  /** Address at which the peer sees this node; undefined: inferred from the two tables. */
  readonly at: string | undefined
  /** Address at which this node sees the peer; undefined: inferred from the two tables. */
  readonly peerAt: string | undefined
  readonly json: boolean
}

/**
 * `commloop check --with`: reports whether the tables of two nodes match.
 *
 * @returns the exit code
 * @throws UsageError if the address of one side cannot be inferred; CommloopError if the peer's file is missing or invalid
 */
export async function reportCompatibility(
  config: LoadedConfig,
  { cwd, env, peerFile, at, peerAt, json }: CompareRequest,
  io: CommandIo,
): Promise<number> {
  const own = tableOf(config)
  const peer = await loadTable({ cwd, env, file: peerFile, option: '--with' })
  const ownAddress = knownAddress(at, own, peer, '--at')
  const peerAddress = knownAddress(peerAt, peer, own, '--peer-at')
  const comparison = compareTables(
    { table: own, address: ownAddress.address },
    { table: peer, address: peerAddress.address },
  )
  const sides = [reportedSide(own, ownAddress), reportedSide(peer, peerAddress)]
  io.stdout.write(json ? comparisonJson(sides, comparison) : comparisonText(sides, comparison))
  return comparison.findings.length === 0 ? EXIT.OK : EXIT.INCOMPLETE
}

function knownAddress(
  given: string | undefined,
  table: ConfigTable,
  other: ConfigTable,
  option: string,
): SideAddress {
  if (given !== undefined) return { address: given, because: undefined }
  const inferred = inferAddress(table.node, other.node)
  if ('address' in inferred) return inferred
  const candidates = inferred.length === 0 ? '' : `; it may be ${inferred.join(' or ')}`
  throw new UsageError(
    `the two tables do not show at which address ${other.name} sees ${table.name}${candidates}. ` +
      `Specify it: ${option} ADDRESS`,
  )
}

interface ReportedSide extends SideAddress {
  readonly file: string
  readonly name: string
  readonly node: string
}

function reportedSide({ file, name, node }: ConfigTable, address: SideAddress): ReportedSide {
  return { file, name, node: node.name, ...address }
}

function comparisonJson(
  sides: readonly ReportedSide[],
  { links, findings }: TableComparison,
): string {
  const [own, peer] = sides.map(({ file, node, address, because }) => ({
    file,
    node,
    address,
    assumed: because ?? null,
  }))
  const ok = findings.length === 0
  return `${JSON.stringify({ ok, own, peer, links, findings }, undefined, 2)}\n`
}

function comparisonText(
  sides: readonly ReportedSide[],
  { links, findings }: TableComparison,
): string {
  const verdict = findings.length === 0 ? 'the two tables match' : 'the two tables do not match'
  const rows = findings.flatMap(({ finding, about, message }) => [
    [finding, message],
    ...(about.length === 0 ? [] : [['', about.join(', ')]]),
  ])
  return [
    `${visibleText(sides.map(({ name }) => name).join(' and '))}: ${verdict}\n`,
    section('Nodes', sides.map(sideRow)),
    section('Links', links.map(linkRow)),
    section('Findings', rows),
  ].join('')
}

function sideRow({ node, address, because }: ReportedSide): string[] {
  return [node, `at ${address}`, because === undefined ? '' : `assumed: ${because}`]
}

function linkRow({ from, entry, to, entries, place }: MatchedLink): string[] {
  return [`${from}: ${entry}`, `→ ${to}: ${entries.join(', then ')}`, place]
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `\n${title}\n${tableBlock(rows)}`
}
