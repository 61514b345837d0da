import ts from 'typescript'
import { textOf } from './source-tree.js'

export interface ClassSize {
  readonly path: string
  readonly name: string
  /** Fields, accessors and methods that other code can use, without the constructor. A getter and setter count once. */
  readonly publicMembers: number
}

export function classSizes(path: string): ClassSize[] {
  const file = ts.createSourceFile(path, textOf(path), ts.ScriptTarget.Latest, true)
  const found: ClassSize[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isClassLike(node)) {
      const names = node.members.filter(isPublic).map((member) => member.name?.getText())
      found.push({ path, name: node.name?.text ?? '', publicMembers: new Set(names).size })
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

function isPublic(member: ts.ClassElement): boolean {
  const { name } = member
  if (name === undefined || ts.isPrivateIdentifier(name)) return false
  return (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) === 0
}
