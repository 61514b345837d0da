export interface Bar {
  readonly label: string
  readonly value: number
  /** Whether the bar shows commloop. */
  readonly own: boolean
}

const WIDTH = 720
const ROW = 24
const LABEL = 220
const VALUE = 90
const TOP = 34
// Readable on white and on black; the page that shows the picture chooses the scheme.
const STYLE = `text{font:13px system-ui,sans-serif;fill:#1f2328}.bar{fill:#8c959f}.own{fill:#0969da}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.bar{fill:#6e7681}.own{fill:#58a6ff}}`

/** A chart of bars that start at zero. */
export function barChart(
  title: string,
  bars: readonly Bar[],
  text: (value: number) => string,
): string {
  const height = TOP + bars.length * ROW + 8
  const most = Math.max(...bars.map(({ value }) => value))
  const rows = bars.map(({ label, value, own }, at) => {
    const y = TOP + at * ROW
    const width = Math.max(1, (value / most) * (WIDTH - LABEL - VALUE))
    return (
      `<text x="${String(LABEL - 8)}" y="${String(y + 15)}" text-anchor="end">${escaped(label)}</text>` +
      `<rect class="${own ? 'own' : 'bar'}" x="${String(LABEL)}" y="${String(y + 3)}" width="${width.toFixed(1)}" height="16"/>` +
      `<text x="${(LABEL + width + 6).toFixed(1)}" y="${String(y + 15)}">${escaped(text(value))}</text>`
    )
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(height)}" role="img"><title>${escaped(title)}</title><style>${STYLE}</style>
<text x="8" y="20" font-weight="600">${escaped(title)}</text>
${rows.join('\n')}
</svg>
`
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;')
}
