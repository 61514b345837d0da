// Measures one figure in a separate process, so that other figures do not affect its memory or its compiled code.
import { load } from './load-typescript.mjs'

const [id, size = 'full'] = process.argv.slice(2)
const { FIGURES } = await load('./figures.ts')
const { needIsMissing } = await load('./machine-needs.ts')
const figure = FIGURES.find((each) => each.id === id)

async function measurement() {
  if (needIsMissing(figure)) return { measured: `needs ${figure.needs}`, verdict: 'not measured' }
  const { measured, held } = await figure.run(size)
  return { measured, verdict: held ? 'held' : 'NOT HELD' }
}

try {
  process.send(await measurement())
  process.exit(0)
} catch (error) {
  console.error(error)
  process.send({ measured: `failed: ${error.message}`, verdict: 'NOT HELD' })
  process.exit(1)
}
