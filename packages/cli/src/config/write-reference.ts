import { readFileSync, writeFileSync } from 'node:fs'
import { jsonSchemaText, withReferenceTables } from './reference.js'

// Run after a change of the schema: node packages/cli/dist/config/write-reference.js
const page = new URL('../../../../docs/configuration.md', import.meta.url)
writeFileSync(new URL('../../schema.json', import.meta.url), jsonSchemaText())
writeFileSync(page, withReferenceTables(readFileSync(page, 'utf8')))
