import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freePort } from '@commloop/test-support/free-port'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { RunningNode } from '../e2e/running-node.js'
import { RawListener } from '../peer/raw-listener.js'
import { RawPeer } from '../peer/raw-peer.js'
import { codeBlocks } from './page.js'
import { pageFolder } from './page-run.js'
import { textOf } from './source-tree.js'

cleanUpAfterEach()

describe('examples/two-nodes', () => {
  const PAGE = textOf('examples/two-nodes/README.md')

  it('names its tables by the paths that they have', () => {
    const named = [...PAGE.matchAll(/--config (\S+)/g)].map(([, path = '']) => path)
    expect(named.length).toBeGreaterThan(2)
    for (const path of named) expect(textOf(path), path).toContain('links:')
  })

  it('sends a greeting, waits while the other node is down, and recovers', async () => {
    const port = String(await freePort())
    const files = Object.fromEntries(
      ['north', 'south'].map((name) => [
        `${name}/.commlooprc`,
        textOf(`examples/two-nodes/${name}/.commlooprc`).replace('8000', port),
      ]),
    )
    const folder = pageFolder(files)
    const north = await RunningNode.startIn(join(folder, 'north'), { args: ['--text'] })
    const south = await RunningNode.startIn(join(folder, 'south'), { args: ['--text'] })
    const line = codeBlocks(PAGE).find(({ language }) => language === 'json')?.code ?? ''
    south.process.write(line)
    expect(await south.outcome('1')).toMatchObject({ outcome: 'written', link: 'north' })
    await north.received('south', 1)

    expect((await north.stop()).status.code).toBe(0)
    expect(await south.link('north', 'backoff')).toHaveProperty('delayMs')
    south.send('first', { to: 'north' })
    south.send('second', { to: 'north' })
    const again = await RunningNode.startIn(join(folder, 'north'), { args: ['--text'] })
    await again.received('south', 2)
    expect(again.texts('south')).toEqual(['first', 'second'])
    expect((await south.link('north', 'up', 2)).epoch).toBe(2)
  })
})

describe('examples/custom-router', () => {
  it('routes each kind, sends alarms to all links, and replies to the sender', async () => {
    const places = {
      climate: await RawListener.open({ host: '127.0.0.3' }),
      power: await RawListener.open({ host: '127.0.0.4' }),
      archive: await RawListener.open({ host: '127.0.0.5' }),
    }
    let table = textOf('examples/custom-router/.commlooprc').replace('8010', '0')
    for (const [at, place] of Object.values(places).entries()) {
      table = table.replace(String(8011 + at), String(place.port))
    }
    const router = textOf('examples/custom-router/router.mjs')
    const node = await RunningNode.startIn(
      pageFolder({ '.commlooprc': table, 'router.mjs': router }),
    )
    const sensor = await RawPeer.dial({ from: '127.0.0.9', port: node.port })
    await sensor.send('temp 21.5', 'volt 230', 'noise 40', 'alarm smoke', 'ping')

    await sensor.received(1)
    expect(sensor.texts).toEqual(['ping'])
    const received = Object.fromEntries(
      await Promise.all(
        Object.entries(places).map(async ([name, listener]) => {
          const place = await listener.peer(1)
          await place.received(2)
          return [name, place.texts] as const
        }),
      ),
    )
    expect(received).toEqual({
      climate: ['temp 21.5', 'alarm smoke'],
      power: ['volt 230', 'alarm smoke'],
      archive: ['noise 40', 'alarm smoke'],
    })
  })

  it('has a place to send to, which the node of the example reaches', async () => {
    const port = String(await freePort())
    const place = textOf('examples/custom-router/climate.yaml').replace('8011', port)
    const table = textOf('examples/custom-router/.commlooprc').replace('8010', '0')
    const router = textOf('examples/custom-router/router.mjs')
    const climate = await RunningNode.start(place)
    const files = { '.commlooprc': table.replace('8011', port), 'router.mjs': router }
    const node = await RunningNode.startIn(pageFolder(files))
    node.send('temp 21.5')
    await climate.received('plant', 1)
    expect(climate.texts('plant')).toEqual(['temp 21.5'])
  })

  it('refuses an option that it does not know', async () => {
    const table = textOf('examples/custom-router/.commlooprc').replace('  default:', '  defualt:')
    const router = textOf('examples/custom-router/router.mjs')
    const folder = pageFolder({ '.commlooprc': table, 'router.mjs': router })
    await expect(RunningNode.startIn(folder)).rejects.toThrow('unknown option "defualt"')
  })
})

describe('examples/telegram-router', () => {
  const fileOf = (name: string): string => textOf(`examples/telegram-router/${name}`)

  it('passes each telegram unchanged to the link for its id, and drops the others with a reason', async () => {
    const ports = { plant: await freePort(), mes: await freePort(), furnace: await freePort() }
    const withPorts = (text: string): string =>
      text
        .replace('8020', String(ports.plant))
        .replace('8021', String(ports.mes))
        .replace('8022', String(ports.furnace))
    const fields = { args: ['--fields'] }
    const mes = await RunningNode.start(withPorts(fileOf('mes.yaml')), fields)
    const furnace = await RunningNode.start(
      withPorts(fileOf('mes.yaml'))
        .replace('127.0.0.3', '127.0.0.4')
        .replace(String(ports.mes), String(ports.furnace)),
      fields,
    )
    const files = {
      '.commlooprc': withPorts(fileOf('.commlooprc')),
      'router.mjs': fileOf('router.mjs'),
    }
    const plant = await RunningNode.startIn(pageFolder(files))
    const machine = await RunningNode.start(withPorts(fileOf('machine.yaml')))
    for (const id of ['AA01', 'FU01', 'ZZ01', 'AA02']) {
      machine.process.send({
        fields: { id, date: '20250929', time: '101112' },
        text: id,
        to: 'plant',
      })
    }
    const all = (id: string, sequence: number): object => ({
      fields: {
        id,
        date: '20250929',
        time: '101112',
        sender: 'M1',
        receiver: 'L2',
        sequence,
        spare: '',
      },
      body: id,
    })
    await mes.received('plant', 2)
    await furnace.received('plant', 1)
    expect(mes.events.filter(({ type }) => type === 'message')).toMatchObject([
      all('AA01', 1),
      all('AA02', 4),
    ])
    expect(furnace.events.filter(({ type }) => type === 'message')).toMatchObject([all('FU01', 2)])
    await plant.until('the dropped telegram', () =>
      plant.outcomes().some(({ reason }) => reason === 'no link for telegrams ZZ01'),
    )
  })
})
