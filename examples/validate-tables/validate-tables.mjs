// Validates every table in a folder: node validate-tables.mjs FOLDER
// Prints one line for each mistake, and exits with 1 if there is any.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readTable } from '@commloop/config'

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  console.error('usage: node validate-tables.mjs FOLDER')
  process.exit(2)
}

/** The mistakes of one file, as lines. */
async function mistakes(file) {
  try {
    const reading = await readTable({ cwd: process.cwd(), env: process.env, file })
    if (reading.ok) return []
    return reading.problems.map(({ file, line, column, path, message }) => {
      const what = path === '' ? message : `${path}: ${message}`
      return `${file}:${line}:${column} ${what}`
    })
  } catch (error) {
    // The file itself cannot be read.
    return [`${file}:1:1 ${error.message}`]
  }
}

const names = (await readdir(folder)).filter((name) => /\.(yaml|yml|json)$/.test(name)).sort()
let count = 0
for (const name of names) {
  for (const line of await mistakes(join(folder, name))) {
    console.log(line)
    count++
  }
}
console.error(`${names.length} tables, ${count} mistakes`)
process.exitCode = count === 0 ? 0 : 1
