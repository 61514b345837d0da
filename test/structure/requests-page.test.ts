import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { RouterMark, PlainRouter } from '@commloop/router-plugin-api'
import { freePort } from '@commloop/test-support/free-port'
import { removeTestFoldersAfterEach } from '@commloop/test-support/test-folder'
import { describe, expect, it } from 'vitest'
import { codeBlocks } from './page.js'
import { pageFolder, runProgram } from './page-run.js'
import { textOf } from './source-tree.js'

removeTestFoldersAfterEach()

const [ASKING = '', KEYED = '', ROUTER = ''] = codeBlocks(textOf('docs/requests.md'))
  .filter(({ language }) => language === 'js')
  .map(({ code }) => code)

/** A peer on a raw socket that answers `21` to a text, and repeats the first two bytes of other questions. */
const PEER = `
import { createServer } from 'node:net'
const server = createServer((socket) => {
  let bytes = Buffer.alloc(0)
  socket.on('data', (chunk) => {
    bytes = Buffer.concat([bytes, chunk])
    while (bytes.length >= 2 && bytes.length >= 2 + bytes.readUInt16BE(0)) {
      const end = 2 + bytes.readUInt16BE(0)
      const question = bytes.subarray(2, end)
      bytes = bytes.subarray(end)
      const answer = question[0] === 0 ? [...question.subarray(0, 2), 33] : [...Buffer.from('21')]
      socket.write(Buffer.from([0, answer.length, ...answer]))
    }
  })
})
await new Promise((listening) => server.listen(PORT, '127.0.0.1', listening))
server.unref()
`

describe('docs/requests.md', () => {
  it('has programs that get the answers of a peer', async () => {
    const port = String(await freePort())
    const shown = 'console.log(answers.map(({ payload }) => payload.join()).join(" "))\n'
    const program = ASKING.replace('port: 8000', `port: ${port}`).replace(
      '  await node.stop()',
      `${KEYED}${shown}  await node.stop()`,
    )
    const folder = pageFolder({
      'peer.mjs': PEER.replace('PORT', port),
      'app.mjs': `import './peer.mjs'\n${program}`,
    })
    expect(runProgram(folder, 'app.mjs')).toBe('21\n0,1,33 0,2,33\n')
  })

  it('has a router that gives each answer to the connection that asked', async () => {
    const folder = pageFolder({ 'router.mjs': ROUTER })
    const module = (await import(pathToFileURL(join(folder, 'router.mjs')).href)) as {
      readonly default: PlainRouter & RouterMark
    }
    const router = module.default
    const route = (link: string, first: number): unknown => {
      const message = { payload: Uint8Array.of(first), id: undefined, deferrals: 0 }
      return router.route({ ...message, from: { link, epoch: 3 } }, [])
    }
    const answers: readonly unknown[] = [
      route('a', 7),
      route('b', 8),
      route('server', 8),
      route('server', 7),
    ]
    const to = (link: string): object => ({ link, epoch: 3 })
    expect(answers).toEqual(['server', 'server', to('b'), to('a')])
    expect(route('server', 7)).toEqual({ drop: 'nothing asked for this' })
  })
})
