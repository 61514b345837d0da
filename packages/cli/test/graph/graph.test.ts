import { describe, expect, it } from 'vitest'
import type { LinkReport } from '../../src/running-node/node-report.js'
import { printGraph } from '../../src/analysis/diagram/print-graph.js'
import { endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()

const TABLE = {
  node: 'plant-l2',
  listen: { port: 8000 },
  links: [
    { id: 'furnace-in', role: 'passive', ip: '192.168.0.2' },
    { id: 'furnace-out', role: 'active', ip: '192.168.0.2', port: 8001 },
    { id: 'cell', role: 'passive', ip: '192.168.4.0/24', slots: 3 },
    { id: 'old', role: 'passive', ip: '0.0.0.0', enabled: false },
  ],
}

function link(entry: string, state: LinkReport['state'], id = entry): LinkReport {
  return { id, entry, state, reason: null, remote: null }
}

describe('commloop graph', () => {
  it('draws each peer once, with arrows from the side that dials', async () => {
    const cwd = testFolder({ '.commlooprc': TABLE })
    expect(await runCli(['graph'], { cwd })).toMatchObject({
      code: 0,
      stderr: '',
      stdout: `flowchart LR
  node["plant-l2<br>0.0.0.0:8000"]
  peer0(["192.168.0.2"])
  peer1(["192.168.4.0/24"])
  peer2(["anyone"])
  peer0 -->|"furnace-in"| node
  node -->|"furnace-out<br>port 8001"| peer0
  peer1 -->|"cell<br>3 slots"| node
  peer2 -.->|"old<br>disabled"| node
`,
    })
  })

  it('draws a peer with several addresses once, for all entries that have one of them', async () => {
    const links = [
      { id: 'out', role: 'active', ip: ['10.0.0.2', '10.0.1.2'], port: 8001 },
      { id: 'in', role: 'passive', ip: '10.0.1.2' },
    ]
    const cwd = testFolder({ '.commlooprc': { ...TABLE, links } })
    expect(await runCli(['graph'], { cwd })).toMatchObject({
      code: 0,
      stdout: `flowchart LR
  node["plant-l2<br>0.0.0.0:8000"]
  peer0(["10.0.0.2<br>10.0.1.2"])
  node -->|"out<br>port 8001"| peer0
  peer0 -->|"in"| node
`,
    })
  })

  it('shows states if a running node answers', async () => {
    const cwd = testFolder({ '.commlooprc': TABLE })
    let stdout = ''
    const io = {
      stdout: { write: (text: string) => (stdout += text) },
      stderr: { write: () => undefined },
    }
    const links = [
      link('furnace-in', 'up'),
      link('furnace-out', 'exhausted'),
      link('cell', 'awaiting', 'cell/1'),
      link('cell', 'up', 'cell/2'),
      link('cell', 'awaiting', 'cell/3'),
      link('old', 'idle'),
    ]
    const report = () => Promise.resolve({ pid: 1, links, findings: [] })
    expect(await printGraph({ cwd, env: {} }, report, io)).toBe(0)
    expect(stdout.split('\n').slice(5)).toEqual([
      '  peer0 -->|"furnace-in<br>up"| node',
      '  node -->|"furnace-out<br>port 8001<br>exhausted"| peer0',
      '  peer1 -->|"cell<br>3 slots<br>2 awaiting<br>1 up"| node',
      '  peer2 -.->|"old<br>disabled<br>idle"| node',
      '  linkStyle 0 stroke:#2e7d32',
      '  linkStyle 1 stroke:#c62828',
      '  linkStyle 2 stroke:#2e7d32',
      '',
    ])
  })

  it('escapes names, so that none leaves its label or becomes a directive or HTML', async () => {
    const node = 'a"b <img src=x> #quot; `x` \\n %%{init: {}}%% $$x$$ &amp;\n\u001b[31m'
    const cwd = testFolder({ '.commlooprc': { node, links: [] } })
    const { stdout } = await runCli(['graph'], { cwd })
    const [, label = ''] = /^ {2}node\["(.*)"\]$/m.exec(stdout) ?? []
    expect(stdout.split('\n')).toHaveLength(3)
    expect(label).not.toMatch(/["<>`&%$\\]/)
    const shown = label.replace(/#(\d+);/g, (_, point) => String.fromCodePoint(Number(point)))
    expect(shown).toBe(node.replace('\n', '\\n').replace('\u001b', '\\u001b'))
  })

  it('exits with 2 for an invalid configuration', async () => {
    const cwd = testFolder({ '.commlooprc': { links: 5 } })
    expect(await runCli(['graph'], { cwd })).toMatchObject({ code: 2, stdout: '' })
  })
})
