import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Logger, type Node } from '@commloop/core'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'
import { describe, expect, it, onTestFinished } from 'vitest'
import { configuredNode } from '../src/load/configured-node.js'
import { loadConfig } from '../src/load/load-config.js'
import { Reloader } from '../src/reload/reloader.js'

removeTestFoldersAfterEach()

/**
 * The thread runs a built file, and these tests run on the sources. So here the thread cannot be started, as on a platform
 * without threads.
 */
async function reloader(): Promise<{
  readonly node: Node
  readonly lines: string[]
  readonly reloader: Reloader
}> {
  const cwd = testFolder({
    '.commlooprc': 'links: [{ id: a, role: active, ip: 127.0.0.1, port: 1 }]',
  })
  const request = { cwd, env: {} }
  const config = await loadConfig(request)
  const lines: string[] = []
  const write = (_fields: object, text: string): void => void lines.push(text)
  const logger: Logger = { debug: () => undefined, info: write, warn: write, error: write }
  const node = configuredNode(config, logger)
  await node.start()
  onTestFinished(() => node.stop())
  // Longer than what is checked without a thread.
  writeFileSync(join(cwd, '.commlooprc'), `links: []\n${'#'.repeat(20_000)}\n`)
  return { node, lines, reloader: new Reloader(node, config, request, logger) }
}

describe('a reload whose reading thread does not work', () => {
  it('is refused with a reason, and the node goes on with its table', async () => {
    const { node, lines, reloader: subject } = await reloader()
    const result = await subject.reload()
    expect(result).toMatchObject({ ok: false, code: 'CML_ERR_CONFIG_INVALID', problems: [] })
    expect(result).toHaveProperty('message', expect.stringMatching(/^the thread that reads .*: .+/))
    expect(lines.filter((text) => text.startsWith('reload rejected'))).toHaveLength(1)
    expect(node.links().map(({ id }) => id)).toEqual(['a'])
    expect(() => node.send(Buffer.from('x'), { to: 'a' })).not.toThrow()
  })

  it('does not block the next one, and reloads that are requested meanwhile are one', async () => {
    const { lines, reloader: subject } = await reloader()
    const first = subject.reload()
    await Promise.resolve()
    const second = subject.reload()
    expect(subject.reload()).toBe(second)
    expect([await first, await second].map(({ ok }) => ok)).toEqual([false, false])
    expect(lines.filter((text) => text.startsWith('reload rejected'))).toHaveLength(2)
  })
})
