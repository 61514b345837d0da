import { setImmediate } from 'node:timers/promises'
import type { Node } from '@commloop/core'
import type { EventLoopDelay } from './event-loop-delay.js'
import {
  type Measured,
  METRIC_FAMILIES,
  type MetricFamily,
  type Sample,
} from './metric-families.js'
import type { OutputStatus } from './output-status.js'

/** The content type of the Prometheus text format, version 0.0.4. */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** The approximate length of a part. The node handles messages between two parts. */
const PART_LENGTH = 64 * 1024

/** What the metrics describe: a node and its process. */
export interface MetricsSource {
  readonly node: Node
  /** The version of commloop, or of the application that embeds the node. */
  readonly version: string
  /** When the process started. */
  readonly startedAt: Date
  /** Measures from when it was made, so make it once and not for each text. */
  readonly delay: EventLoopDelay
  /** Where the node's received messages go, if another program reads them. Without it, its metrics are 0. */
  readonly output?: OutputStatus | undefined
}

/**
 * All metrics in the Prometheus text format, part by part. Other work of the process runs between the parts, but every
 * link is measured at the beginning.
 *
 * @example
 * for await (const part of metricsText({ node, version: '1.0.0', startedAt, delay })) response.write(part)
 */
export async function* metricsText(source: MetricsSource): AsyncGenerator<string> {
  for (const part of parts(measure(source))) {
    yield part
    await setImmediate()
  }
}

function* parts(measured: Measured): Generator<string> {
  let part = ''
  for (const family of METRIC_FAMILIES) {
    part += headText(family)
    for (const sample of family.samples(measured)) {
      part += sampleText(family.name, sample)
      if (part.length < PART_LENGTH) continue
      yield part
      part = ''
    }
  }
  yield part
}

function measure(source: MetricsSource): Measured {
  const entries = new Map(source.node.config.entries.map((entry) => [entry.id, entry]))
  const links = source.node.links().map((link) => ({
    link,
    entry: entries.get(link.entry),
    counters: link.counters,
  }))
  return { ...source, links }
}

function headText({ name, type, help }: MetricFamily): string {
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\')}\n# TYPE ${name} ${type}\n`
}

function sampleText(name: string, { labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  const braces = pairs.length === 0 ? '' : `{${pairs.join(',')}}`
  return `${name}${braces} ${String(value)}\n`
}

function escaped(text: string): string {
  return text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
}
