import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkConfig } from '../../src/analysis/explanation/check-config.js'
import { explainConfig } from '../../src/analysis/explanation/explanation.js'
import { loadConfig } from '@commloop/config'
import { folderWith } from '@commloop/test-support/temporary-folder'

const TABLE = `
node: plant-l2
listen: { port: 8000 }
router: ./router.mjs
links:
  - { id: anyone, role: passive, ip: 0.0.0.0, slots: 4, enabled: false }
  - { id: furnace-in, role: passive, ip: 192.168.0.2 }
  - { id: furnace-out, role: active, ip: 192.168.0.2, port: 8001, codec: { use: len16, byteOrder: little } }
  - { id: mes, role: active, host: mes.plant.example, port: 8003 }
  - { id: cell, role: passive, ip: 192.168.4.0/24, slots: 20 }
  - { id: six, role: active, ip: "fd00::1", port: 8004 }
  - { id: furnace-2, role: passive, ip: 192.168.0.2 }
  - { id: anyone-6, role: passive, ip: "::" }
`
const ROUTER = "export default { name: 'r', route: () => 'mes' }"

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

async function check(
  cwd: string,
  options: { json?: boolean; config?: string } = {},
): Promise<Outcome> {
  let stdout = ''
  let stderr = ''
  const { json = false, config } = options
  const io = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
  }
  const code = await checkConfig({ cwd, env: {}, config, json }, io)
  return { code, stdout, stderr }
}

/** Replaces the parts that differ between machines. */
function settled(text: string, folder: string): string {
  return (
    text
      .replaceAll(folder, '<folder>')
      .replace(/of [\d.]+ [GMK]iB/, 'of <memory>')
      .replace(/(of \d+(, up to \d+)?|limit unknown)$/m, '<limit>')
      .replace(/\nWarnings\n[^]*$/, '')
      // The width of columns depends on the length of the folder's name.
      .replaceAll(/(?<=\S) {3,}/g, '  ')
  )
}

describe('commloop check', () => {
  it('explains a valid table', async () => {
    const folder = folderWith({ '.commlooprc': TABLE, 'router.mjs': ROUTER })
    const { code, stdout, stderr } = await check(folder)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(settled(stdout, folder))
      .toBe(`.commlooprc is valid: node plant-l2 listens on 0.0.0.0:8000

Entries
  0  anyone  passive  anyone  4 slots  passing  links anyone/1 … anyone/4 (disabled)
  1  furnace-in  passive  192.168.0.2  1 slot  passing  link furnace-in
  2  furnace-out  active  192.168.0.2:8001  1 slot  lasting  link furnace-out
  3  mes  active  mes.plant.example:8003  1 slot  lasting  link mes
  4  cell  passive  192.168.4.0/24  20 slots  passing  links cell/1 … cell/20
  5  six  active  [fd00::1]:8004  1 slot  lasting  link six
  6  furnace-2  passive  192.168.0.2  1 slot  passing  link furnace-2
  7  anyone-6  passive  anyone  1 slot  passing  link anyone-6

Accepts (the first matching line decides)
  192.168.0.2  → furnace-in, then furnace-2
  192.168.4.0/24  → cell
  any other peer  → anyone, then anyone-6

Plugins
  transport  {"use":"tcp"}  @commloop/transport-tcp 0.1.0, bundled
  codec  {"use":"len16"}  @commloop/codec-len16 0.1.0, bundled
  reconnect  {"use":"exponential"}  @commloop/core 0.1.0, bundled
  router  {"use":"./router.mjs"}  <folder>/router.mjs
  codec  {"byteOrder":"little","use":"len16"}  @commloop/codec-len16 0.1.0, bundled  for furnace-out

Limits
  memory  502 MiB  of <memory>
  descriptors  153  <limit>
`)
  })

  it('warns of entries whose peers nothing tells apart', async () => {
    const folder = folderWith({ '.commlooprc': TABLE, 'router.mjs': ROUTER })
    const { stdout } = await check(folder)
    expect(stdout).toContain(
      '\nWarnings\n  links[6]: nothing tells the peer of this entry from the peer of "furnace-in", ',
    )
    expect(stdout).toContain(
      '\n  links[7]: nothing tells the peer of this entry from the peer of "anyone", ',
    )
  })

  it('prints the same facts as JSON', async () => {
    const folder = folderWith({ '.commlooprc': TABLE, 'router.mjs': ROUTER })
    const { code, stdout } = await check(folder, { json: true })
    expect(code).toBe(0)
    const printed = JSON.parse(stdout) as Record<string, unknown>
    expect(Object.keys(printed)).toEqual([
      'ok',
      'file',
      'node',
      'listen',
      'listeners',
      'entries',
      'accepts',
      'plugins',
      'memory',
      'descriptors',
      'warnings',
    ])
    expect(printed).toMatchObject({
      ok: true,
      file: join(folder, '.commlooprc'),
      node: 'plant-l2',
      listen: { host: '0.0.0.0', port: 8000 },
      accepts: [
        {
          listener: null,
          group: 'exact',
          pattern: '192.168.0.2',
          entries: ['furnace-in', 'furnace-2'],
        },
        { group: 'range', pattern: '192.168.4.0/24', entries: ['cell'] },
        { group: 'anyone', pattern: 'anyone', entries: ['anyone', 'anyone-6'] },
      ],
    })
    const { entries, plugins } = printed as { entries: unknown[]; plugins: unknown[] }
    expect(entries[2]).toEqual({
      index: 2,
      id: 'furnace-out',
      role: 'active',
      address: '192.168.0.2:8001',
      slots: 1,
      lasting: true,
      enabled: true,
      listener: null,
      opening: null,
      links: ['furnace-out'],
    })
    expect(plugins[4]).toEqual({
      kind: 'codec',
      name: 'len16',
      from: 'commloop',
      file: null,
      package: '@commloop/codec-len16',
      version: '0.1.0',
      spec: '{"byteOrder":"little","use":"len16"}',
      entry: 'furnace-out',
    })
  })

  it('names the package of an installed plugin', async () => {
    const folder = folderWith({
      '.commlooprc': 'router: x\nlinks: []',
      'store/x/package.json':
        '{ "name": "commloop-router-x", "version": "3.1.4", "main": "r.cjs" }',
      'store/x/r.cjs': "module.exports = { name: 'x', route() {} }",
    })
    mkdirSync(join(folder, 'node_modules'))
    symlinkSync(join(folder, 'store/x'), join(folder, 'node_modules/commloop-router-x'))
    const { code, stdout } = await check(folder)
    expect(code).toBe(0)
    expect(stdout).toContain(`commloop-router-x 3.1.4 in ${join(folder, 'store/x/r.cjs')}`)
  })

  it('reports a node without a listener', async () => {
    const { stdout } = await check(folderWith({ '.commlooprc': 'node: x\nlinks: []' }))
    expect(stdout).toMatch(/^\.commlooprc is valid: node x does not listen\n\nPlugins\n/)
  })

  it('prints problems on stderr and nothing on stdout, and exits with 2', async () => {
    const folder = folderWith({ '.commlooprc': 'rooter: x\nlinks: 3\n' })
    expect(await check(folder)).toEqual({
      code: 2,
      stdout: '',
      stderr: `.commlooprc:1:1  rooter: unknown key. Did you mean "router"?
   1 | rooter: x
     | ^
.commlooprc:2:8  links: expected a list of entries, found 3
   2 | links: 3
     |        ^
2 problems; the node would not start
`,
    })
  })

  it('prints problems as JSON on stdout', async () => {
    const folder = folderWith({ '.commlooprc': 'links: 3\n' })
    const { code, stdout, stderr } = await check(folder, { json: true })
    expect([code, stderr]).toEqual([2, ''])
    expect(JSON.parse(stdout)).toEqual({
      ok: false,
      file: join(folder, '.commlooprc'),
      problems: [
        {
          code: 'CML_ERR_CONFIG_INVALID',
          file: '.commlooprc',
          line: 1,
          column: 8,
          path: 'links',
          message: 'expected a list of entries, found 3',
        },
      ],
      warnings: [],
    })
  })

  it('reports a missing configuration, as text and as JSON', async () => {
    const folder = folderWith({})
    const plain = await check(folder, { config: 'none' })
    expect(plain).toEqual({
      code: 2,
      stdout: '',
      stderr: 'CML_ERR_CONFIG_NOT_FOUND: none, named by --config, does not exist\n',
    })
    const { code, stdout } = await check(folder, { json: true, config: 'none' })
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toEqual({
      ok: false,
      file: null,
      problems: [
        {
          code: 'CML_ERR_CONFIG_NOT_FOUND',
          file: null,
          line: null,
          column: null,
          path: null,
          message: 'none, named by --config, does not exist',
        },
      ],
      warnings: [],
    })
  })
})

describe('the limits of the explanation', () => {
  it('count every link, and warn if the system allows less', async () => {
    const cwd = folderWith({
      '.commlooprc': `
listen: { port: 1 }
routing: { bytes: 1MiB }
outbox: 2MiB
links:
  - { role: passive, ip: 10.0.0.0/24, slots: 1000 }
  - { role: active, ip: 10.1.0.1, port: 1, outbox: 1MiB, codec: { use: len16, maxPayload: 998 } }
`,
    })
    const config = await loadConfig({ cwd, env: {} })
    const limits = { memoryBytes: 2 ** 30, descriptorsSoft: 1024, descriptorsHard: 4096 }
    const { memory, descriptors, warnings } = explainConfig(config, limits)
    const MIB = 2 ** 20
    expect(memory.bytesMax).toBe(MIB + 1000 * (2 * MIB + 65_537 + 131_072) + (MIB + 1000 + 131_072))
    expect(descriptors).toEqual({ max: 2 * 1000 + 1 + 64 + 32, soft: 1024, hard: 4096 })
    expect(warnings).toEqual([
      'full queues would need more memory than the machine has: lower "outbox"',
      'the table may need 2097 descriptors, and this process may open 1024: raise the limit (ulimit -n)',
    ])
    const enough = { memoryBytes: 2 ** 40, descriptorsSoft: undefined, descriptorsHard: undefined }
    expect(explainConfig(config, enough)).toMatchObject({
      descriptors: { soft: null, hard: null },
      warnings: [],
    })
  })
})
