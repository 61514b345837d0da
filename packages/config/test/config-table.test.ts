import { describe, expect, it } from 'vitest'
import { folderWith } from '@commloop/test-support/temporary-folder'
import { loadTable, readTable, tableOf } from '../src/load/config-table.js'
import { loadConfig } from '../src/load/load-config.js'

const TABLE = `
codec: { use: len16, byteOrder: little }
links:
  - { id: a, role: active, ip: 10.0.0.1, port: 1 }
  - { id: b, role: active, ip: 10.0.0.2, port: 1, codec: len16 }
`

function request(text: string): { cwd: string; env: Record<string, string> } {
  return { cwd: folderWith({ '.commlooprc': text }), env: {} }
}

describe('the table of a configuration', () => {
  it('has its node and its codecs, and does not need its plugins and certificates', async () => {
    const absent = 'router: ./absent.mjs\nlisten: { port: 1, tls: { cert: absent.pem } }\n'
    const table = await loadTable(request(absent + TABLE))
    expect(table.name).toBe('.commlooprc')
    expect(table.node.entries.map(({ id }) => id)).toEqual(['a', 'b'])
    expect([0, 1].map((entry) => table.pluginOf('codec', entry).spec)).toEqual([
      { use: 'len16', options: { byteOrder: 'little' } },
      { use: 'len16', options: {} },
    ])
  })

  it('is the same if its plugins were loaded too', async () => {
    const found = request(TABLE)
    const [table, loaded] = [await loadTable(found), tableOf(await loadConfig(found))]
    expect([loaded.file, loaded.name]).toEqual([table.file, table.name])
    expect(loaded.node.entries.map(({ id }) => id)).toEqual(table.node.entries.map(({ id }) => id))
    expect([0, 1].map((entry) => loaded.pluginOf('codec', entry).spec)).toEqual(
      [0, 1].map((entry) => table.pluginOf('codec', entry).spec),
    )
  })

  it('is rejected with all mistakes: those of the schema, of roles and of core', async () => {
    const text = 'relay: 3\nlinks:\n  - { id: a }\n  - { role: active, ip: x, port: 1 }\n'
    const reading = await readTable(request(text))
    expect(reading.ok ? [] : reading.problems.map(({ path }) => path)).toEqual([
      'relay',
      'links[0].role',
      'links[1].ip',
    ])
    await expect(loadTable(request(text))).rejects.toMatchObject({ code: 'CML_ERR_CONFIG_INVALID' })
  })

  it('is rejected if its text cannot be parsed', async () => {
    expect(await readTable(request('links: ['))).toMatchObject({ ok: false })
  })
})
