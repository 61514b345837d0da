import { readFileSync, writeFileSync } from 'node:fs'
import { jsonSchemaText, withReferenceTables } from './reference.js'

// Run after a change of the schema: node packages/config/dist/schema/write-reference.js
const page = new URL('../../../../docs/configuration.md', import.meta.url)
writeFileSync(new URL('../../../cli/schema.json', import.meta.url), jsonSchemaText())
writeFileSync(page, withReferenceTables(readFileSync(page, 'utf8')))
