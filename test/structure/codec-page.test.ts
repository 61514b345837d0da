import type { FrameCodec, PluginDefinition, PluginSide } from '@commloop/core'
import { frameCodecChecks } from '@commloop/testing/compliance'
import { describe, expect, it } from 'vitest'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { RunningNode } from '../e2e/running-node.js'
import { RawPeer } from '../peer/raw-peer.js'
import { codeBlocks, namedBlocks } from './page.js'
import { importFrom, onLoopback, pageFolder } from './page-run.js'
import { textOf } from './source-tree.js'

cleanUpAfterEach()

const PAGE = textOf('docs/writing-a-codec.md')
const BLOCKS = namedBlocks(PAGE)
const [CODE = ''] = BLOCKS.get('len32.mjs') ?? []
const [TEST = ''] = BLOCKS.get('len32.test.mjs') ?? []
const [TABLE = ''] = BLOCKS.get('.commlooprc') ?? []
const [PLUGIN = ''] = BLOCKS.get('len32-plugin.mjs') ?? []

interface PageModule {
  readonly Len32Codec: new (payloadBytesMax: number) => FrameCodec
}

async function codecOf(payloadBytesMax: number, code = CODE): Promise<FrameCodec> {
  const { Len32Codec } = await importFrom<PageModule>(
    pageFolder({ 'len32.mjs': code }),
    'len32.mjs',
  )
  return new Len32Codec(payloadBytesMax)
}

/** Names of the checks that a codec does not pass. */
async function failures(code: string): Promise<string[]> {
  const { Len32Codec } = await importFrom<PageModule>(
    pageFolder({ 'len32.mjs': code }),
    'len32.mjs',
  )
  const checks = frameCodecChecks(new Len32Codec(70_000), {
    withLimit: (payloadBytesMax) => new Len32Codec(payloadBytesMax),
  })
  const failed: string[] = []
  for (const { name, check, skipped } of checks) {
    if (skipped !== undefined) continue
    try {
      await check()
    } catch {
      failed.push(name)
    }
  }
  expect(checks.length).toBeGreaterThan(20)
  return failed
}

describe('docs/writing-a-codec.md', () => {
  it('has no code but what is run here', () => {
    expect(codeBlocks(PAGE)).toHaveLength(4)
    expect(TEST).toContain("frameCodecCompliance('len32', new Len32Codec(70_000), {")
  })

  it('has a codec that passes the compliance suite', async () => {
    expect(await failures(CODE)).toEqual([])
  })

  it('has a codec that would not pass with one character less', async () => {
    const failed = await failures(
      CODE.replace('<= this.#payloadBytesMax', '< this.#payloadBytesMax'),
    )
    expect(failed).toContain('accepts a payload of exactly its limit')
  })

  it('shows its golden bytes', async () => {
    const frame = Buffer.alloc(7)
    const codec = await codecOf(70_000)
    expect(codec.encode(Buffer.from('abc'), frame, 0)).toBe(7)
    expect(TEST).toContain(`'${frame.toString('hex')}'`)
  })

  it('has a codec that a node speaks', async () => {
    const table = onLoopback(TABLE).replace('8000', '0')
    const node = await RunningNode.startIn(pageFolder({ 'len32.mjs': CODE, '.commlooprc': table }))
    const peer = await RawPeer.dial({ from: '127.168.0.2', port: node.port })
    await peer.write(Buffer.from('00000003616263', 'hex'))
    await node.received('press', 1)
    expect(node.texts('press')).toEqual(['abc'])
    let bytes = Buffer.alloc(0)
    peer.onBytes = (chunk) => {
      bytes = Buffer.concat([bytes, chunk])
    }
    node.send('x'.repeat(70_000), { to: 'press', id: 'long' })
    expect(await node.outcome('long')).toMatchObject({ outcome: 'written' })
    await node.until('the whole frame', () => bytes.length === 70_004)
    expect(bytes.readUInt32BE()).toBe(70_000)
  })

  it('has a definition that warns of large limits and compares those of two sides', async () => {
    const folder = pageFolder({ 'len32.mjs': CODE, 'len32-plugin.mjs': PLUGIN })
    const { default: plugin } = await importFrom<{ default: PluginDefinition<'codec'> }>(
      folder,
      'len32-plugin.mjs',
    )
    expect(plugin.create({ maxPayload: 5 }).payloadBytesMax).toBe(5)
    const use = { path: ['codec'], node: { links: [] } }
    expect(plugin.check?.({}, use)).toEqual({ problems: [], warnings: [] })
    expect(plugin.check?.({ maxPayload: 2 ** 27 }, use).warnings).toMatchObject([
      { path: ['codec', 'maxPayload'] },
    ])
    const side = (node: string, options: object): PluginSide => ({
      node,
      role: 'active',
      options: { ...options },
      transportOptions: {},
      identities: undefined,
      heartbeats: [],
    })
    expect(plugin.compare?.(side('a', {}), side('b', { maxPayload: 2 ** 20 }))).toEqual([])
    expect(plugin.compare?.(side('a', {}), side('b', { maxPayload: 5 }))).toEqual([
      { finding: 'payload-limit-differs', message: 'a accepts 1048576 bytes, and b accepts 5' },
    ])
  })
})
