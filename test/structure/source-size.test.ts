import { describe, expect, it } from 'vitest'
import { classSizes } from './class-members.js'
import { codeUnder, textOf } from './source-tree.js'

const LINES_MAX = 400
const PUBLIC_MEMBERS_MAX = 25
const CORE = codeUnder('packages/core/src')

describe('core', () => {
  it(`has no file of more than ${String(LINES_MAX)} lines`, () => {
    expect(CORE.length).toBeGreaterThan(50)
    const long = CORE.filter((path) => textOf(path).trimEnd().split('\n').length > LINES_MAX)
    expect(long).toEqual([])
  })

  it(`has no class of more than ${String(PUBLIC_MEMBERS_MAX)} public members`, () => {
    const classes = CORE.flatMap((path) => classSizes(path))
    expect(classes.find(({ name }) => name === 'Node')?.publicMembers).toBeGreaterThan(10)
    const large = classes.filter(({ publicMembers }) => publicMembers > PUBLIC_MEMBERS_MAX)
    expect(large).toEqual([])
  })
})
