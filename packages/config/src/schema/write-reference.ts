import { readFileSync, writeFileSync } from 'node:fs'
import { jsonSchemaText, withReferenceTables } from './reference.js'

// Writes the generated parts of the reference. Run `npm run reference` after a change of the schema.
const page = new URL('../../../../docs/configuration.md', import.meta.url)
writeFileSync(new URL('../../../cli/schema.json', import.meta.url), jsonSchemaText())
writeFileSync(page, withReferenceTables(readFileSync(page, 'utf8')))
