// Measures one figure in a process of its own: what others leave in memory, in the compiler or behind is not its own.
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
