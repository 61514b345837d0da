import { describe, expect, it } from 'vitest'
import { endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()

const CONFIG = {
  listen: { host: '127.0.0.1', port: 0 },
  links: [{ id: 'in', role: 'passive', ip: '127.0.0.1' }],
  router: './route.mjs',
}

function folderWithRouter(code: string): string {
  return testFolder({ '.commlooprc': CONFIG, 'route.mjs': code })
}

describe('a plugin with a promise that never settles', () => {
  const COMMANDS = [['run'], ['run', '--stdio'], ['check'], ['doctor'], ['graph']]

  it('at the top level of its module is named, and the command exits with 2', async () => {
    const cwd = folderWithRouter(
      'await new Promise(() => {})\nexport default { name: "r", route: () => "in" }\n',
    )
    const results = await Promise.all(COMMANDS.map((command) => runCli(command, { cwd })))
    for (const { code, stderr } of results) {
      expect(stderr).toContain(`${cwd}/route.mjs cannot be loaded`)
      expect(stderr).toContain('still loading after 10 s')
      expect(code).toBe(2)
    }
  })

  it.each(['new Promise(() => {})', 'Promise.reject(new Error("later"))'])(
    'as the result of create, %s, is named, and the command exits with 2',
    async (promise) => {
      const cwd = folderWithRouter(
        `export default { kind: 'router', name: 'r', apiVersion: 1, create: () => ${promise} }\n`,
      )
      const results = await Promise.all(COMMANDS.map((command) => runCli(command, { cwd })))
      for (const { code, stderr } of results) {
        expect(stderr).toContain(`${cwd}/route.mjs: the created value is a promise`)
        expect(code).toBe(2)
      }
    },
  )
})
