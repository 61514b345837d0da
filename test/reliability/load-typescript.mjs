// Figures are TypeScript and measure the built packages, as users have them: only what lies in `test` is compiled.
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

const root = fileURLToPath(new URL('../../', import.meta.url))

export async function load(file) {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const { module } = await runnerImport(path, { root, configFile: false, logLevel: 'error' })
  return module
}
