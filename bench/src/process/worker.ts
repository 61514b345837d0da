import type { Answer, Request } from './child.js'

/*
 * The entry of every process that a benchmark starts. It creates one role, and answers calls to it over the channel to
 * its parent.
 */

type Role = Readonly<Record<string, (...parameters: readonly unknown[]) => unknown>>
type Factory = (...parameters: readonly unknown[]) => Promise<Role>

let role: Role | undefined

process.on('message', (request: Request) => {
  void answer(request)
})
// The parent has finished or died: nothing is left to measure.
process.on('disconnect', () => process.exit(0))

async function answer({ id, method, parameters }: Request): Promise<void> {
  let answer: Answer
  try {
    answer = { id, value: await call(method, parameters) }
  } catch (error) {
    answer = { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
  process.send?.(answer)
}

async function call(method: string, parameters: readonly unknown[]): Promise<unknown> {
  if (method === 'open') {
    const [module, factory, ...rest] = parameters as [string, string, ...unknown[]]
    const made = ((await import(module)) as Readonly<Record<string, Factory>>)[factory]
    if (made === undefined) throw new Error(`worker: ${module} has no ${factory}`)
    role = await made(...rest)
    return undefined
  }
  if (role === undefined) throw new Error('worker: no role was opened')
  return await role[method]?.(...parameters)
}
