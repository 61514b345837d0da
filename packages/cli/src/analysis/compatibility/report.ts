import type { CommandIo } from '../../command-line/command-io.js'
import { type ConfigTable, type LoadedConfig, loadTable, tableOf } from '@commloop/config'
import { tableBlock } from '../../terminal/table.js'
import { EXIT } from '../../command-line/exit-codes.js'
import { UsageError } from '../../command-line/usage-error.js'
import { addressOf, type EndAddress } from './infer-address.js'
import { type FittedLink, tableFit, type TableFit } from './compare-tables.js'

export interface FitRequest {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** The other end's configuration. */
  readonly peerFile: string
  /** Where the peer sees this node; undefined: as far as the two tables tell. */
  readonly at: string | undefined
  /** Where this node sees the peer. */
  readonly peerAt: string | undefined
  readonly json: boolean
}

/**
 * `commloop check --with`: whether two tables fit as the two ends of a link.
 *
 * @throws UsageError where it cannot be told at which address one end is; CommloopError where the peer's file is
 *   missing or wrong
 */
export async function reportFit(
  config: LoadedConfig,
  { cwd, env, peerFile, at, peerAt, json }: FitRequest,
  io: CommandIo,
): Promise<number> {
  const own = tableOf(config)
  const peer = await loadTable({ cwd, env, file: peerFile, option: '--with' })
  const ownAddress = known(at, own, peer, '--at')
  const peerAddress = known(peerAt, peer, own, '--peer-at')
  const fit = tableFit(
    { table: own, address: ownAddress.address },
    { table: peer, address: peerAddress.address },
  )
  const ends = [placed(own, ownAddress), placed(peer, peerAddress)]
  io.stdout.write(json ? fitJson(ends, fit) : fitText(ends, fit))
  return fit.findings.length === 0 ? EXIT.OK : EXIT.INCOMPLETE
}

function known(
  said: string | undefined,
  table: ConfigTable,
  other: ConfigTable,
  option: string,
): EndAddress {
  if (said !== undefined) return { address: said, because: undefined }
  const found = addressOf(table.node, other.node)
  if ('address' in found) return found
  const candidates = found.length === 0 ? '' : `; it may be ${found.join(' or ')}`
  throw new UsageError(
    `the two tables do not tell at which address ${other.name} sees ${table.name}${candidates}. ` +
      `Say it: ${option} ADDRESS`,
  )
}

interface PlacedEnd extends EndAddress {
  readonly file: string
  readonly name: string
  readonly node: string
}

function placed({ file, name, node }: ConfigTable, address: EndAddress): PlacedEnd {
  return { file, name, node: node.name, ...address }
}

function fitJson(ends: readonly PlacedEnd[], { links, findings }: TableFit): string {
  const [own, peer] = ends.map(({ file, node, address, because }) => ({
    file,
    node,
    address,
    assumed: because ?? null,
  }))
  const ok = findings.length === 0
  return `${JSON.stringify({ ok, own, peer, links, findings }, undefined, 2)}\n`
}

function fitText(ends: readonly PlacedEnd[], { links, findings }: TableFit): string {
  const verdict = findings.length === 0 ? 'the two tables fit' : 'the two tables do not fit'
  const rows = findings.flatMap(({ finding, about, message }) => [
    [finding, message],
    ...(about.length === 0 ? [] : [['', about.join(', ')]]),
  ])
  return [
    `${ends.map(({ name }) => name).join(' and ')}: ${verdict}\n`,
    section('Ends', ends.map(endRow)),
    section('Links', links.map(linkRow)),
    section('Wrong', rows),
  ].join('')
}

function endRow({ node, address, because }: PlacedEnd): string[] {
  return [node, `at ${address}`, because === undefined ? '' : `assumed: ${because}`]
}

function linkRow({ from, entry, to, entries, place }: FittedLink): string[] {
  return [`${from}: ${entry}`, `→ ${to}: ${entries.join(', then ')}`, place]
}

function section(title: string, rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `\n${title}\n${tableBlock(rows)}`
}
