/** One line of the Prometheus text format. */
export interface ReadSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/gy

/**
 * Reads the Prometheus text format as strictly as Prometheus does: each family once, after its HELP and TYPE, with
 * different labels in each of its lines.
 */
export function readSamples(text: string): ReadSample[] {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const samples: ReadSample[] = []
  const seen = new Set<string>()
  let family = ''
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name = ''] = /^# (HELP|TYPE) (\S+) \S/.exec(line) ?? []
    if (kind === 'HELP' && seen.has(name)) throw new Error(`${name} comes twice`)
    if (kind !== undefined) {
      seen.add(name)
      family = name
      continue
    }
    const sample = sampleOf(line)
    if (sample.name !== family) throw new Error(`${sample.name} stands under ${family}`)
    const key = `${sample.name} ${JSON.stringify(sample.labels)}`
    if (seen.has(key)) throw new Error(`twice: ${line}`)
    seen.add(key)
    samples.push(sample)
  }
  return samples
}

function sampleOf(line: string): ReadSample {
  const [, name = '', labels = '', value = ''] = LINE.exec(line) ?? []
  if (name === '' || Number.isNaN(Number(value))) throw new Error(`no sample: ${line}`)
  return { name, labels: labelsOf(labels), value: Number(value) }
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  let length = 0
  for (const [whole, name = '', value = ''] of text.matchAll(LABEL)) {
    length += whole.length
    labels[name] = value.replace(/\\(.)/g, (_, character: string) =>
      character === 'n' ? '\n' : character,
    )
  }
  if (length !== text.length) throw new Error(`no labels: ${text}`)
  return labels
}
