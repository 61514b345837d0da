import { join } from 'node:path'
import { runCli } from '@commloop/test-support/cli-process'
import { testFolder } from '@commloop/test-support/test-folder'
import { afterEach, describe, expect, it } from 'vitest'
import { cleanUpAfterEach } from '../e2e/clean-up.js'
import { eventually } from '../peer/eventually.js'
import { RunningNode } from '../e2e/running-node.js'
import { noNetworkOfOurOwn } from './isolated-network.js'
import { NamedNetwork, type Names } from './named-network.js'
import { silentNamesFigure } from './silent-names-figure.js'

cleanUpAfterEach()

describe.skipIf(noNetworkOfOurOwn('names of a machine'))('names', () => {
  const networks: NamedNetwork[] = []
  afterEach(() => {
    for (const network of networks.splice(0)) network.close()
  })
  async function machine(names: Names): Promise<NamedNetwork> {
    const network = await NamedNetwork.open(names)
    networks.push(network)
    return network
  }

  it('that a name server does not answer do not delay a name that it does answer', async () => {
    const figure = await silentNamesFigure(20)
    // Every dial gives up after 10 s, so the good name did not wait for any of them.
    expect(figure.failedBefore).toBe(0)
  })

  it('are those of the system: the hosts file, and the search domains', async () => {
    const network = await machine({
      hosts: ['127.0.0.3 furnace.plant furnace'],
      served: { 'mill.': '', mill: '', 'mill.plant.example': '127.0.0.4' },
      rules: ['search plant.example', 'options ndots:1'],
    })
    const silent = [1, 2, 3, 4].map(
      (at) => `{ host: silent${String(at)}.example, id: s${String(at)} }`,
    )
    const links = [...silent, '{ host: furnace, id: furnace }', '{ host: mill, id: mill }'].map(
      (entry) => `  - ${entry.replace(' }', ', role: active, port: 9 }')}`,
    )
    const node = await RunningNode.start(`links:\n${links.join('\n')}`, { within: network.within })
    expect((await node.link('furnace', 'backoff')).reason).toContain('ECONNREFUSED 127.0.0.3:9')
    expect((await node.link('mill', 'backoff')).reason).toContain('ECONNREFUSED 127.0.0.4:9')
    expect(node.states('s1')).toEqual(['dialing 0'])
  })

  it('are dialled when their name server answers again, before the names that it still does not answer', async () => {
    const network = await machine({})
    const silent = [1, 2, 3, 4, 5, 6].map((at) => `silent${String(at)}.example`)
    const links = [...silent, 'late.example'].map(
      (name) => `  - { id: ${name}, role: active, host: ${name}, port: 9 }`,
    )
    const text = ['connectTimeout: 2s', 'reconnect: { use: exponential, maxAttempts: 0, max: 2s }']
    const node = await RunningNode.start([...text, 'links:', ...links].join('\n'), {
      within: network.within,
    })
    await node.link('late.example', 'backoff')
    await network.learn('late.example', '127.0.0.5')
    await eventually('the refusal of the machine', () =>
      node
        .linkEvents('late.example')
        .some(({ reason }) => reason?.includes('127.0.0.5:9') === true),
    )
  })

  it('without an address fail with the answer of the system', async () => {
    const network = await machine({ served: { 'nobody.example': '' } })
    const node = await RunningNode.start(
      'links: [{ id: peer, role: active, host: nobody.example, port: 9 }]',
      { within: network.within },
    )
    expect((await node.link('peer', 'backoff')).reason).toMatch(/ENOTFOUND|EAI_AGAIN|ENODATA/)
  })

  it('without an answer fail with a reason that names the name service', async () => {
    const network = await machine({})
    const node = await RunningNode.start(
      'links: [{ id: peer, role: active, host: silent.example, port: 9, connectTimeout: 1500ms }]',
      { within: network.within },
    )
    expect((await node.link('peer', 'backoff')).reason).toBe(
      'the name service did not answer for silent.example within 1.5s',
    )
  })

  it('are judged one by one by the doctor: silent is not the same as unknown', async () => {
    const network = await machine({
      served: { 'good.example': '127.0.0.2', 'unknown.example': '' },
    })
    const silent = [1, 2, 3, 4, 5].map((at) => `silent${String(at)}.example`)
    const links = [...silent, 'unknown.example', 'good.example'].map((host) => ({
      id: host,
      role: 'active',
      host,
      port: 9,
    }))
    const folder = testFolder({ '.commlooprc': { links } })
    const { stdout } = await runCli(['doctor', '--json', '--config', join(folder, '.commlooprc')], {
      within: network.within,
    })
    const { findings } = JSON.parse(stdout) as {
      findings: readonly { readonly finding: string; readonly about: string }[]
    }
    const about = (finding: string): string[] =>
      findings.filter((each) => each.finding === finding).map((each) => each.about)
    expect(about('name-service-silent')).toEqual(silent)
    expect(about('name-unresolved')).toEqual(['unknown.example'])
  })

  it('of passive entries are looked up again when a peer calls from its new address', async () => {
    const network = await machine({ served: { 'peer.example': '127.0.0.7' } })
    const { within } = network
    const listener = await RunningNode.start(
      'listen: { host: 127.0.0.1, port: 8000 }\nresolveEvery: 1h\nlinks: [{ id: peer, role: passive, host: peer.example }]',
      { within },
    )
    const call = (ip: string): Promise<RunningNode> =>
      RunningNode.start(
        `reconnect: { use: exponential, maxAttempts: 0, max: 1s }\nlinks: [{ id: home, role: active, ip: 127.0.0.1, port: 8000, bind: ${ip} }]`,
        { within },
      )
    const first = await call('127.0.0.7')
    await listener.link('peer', 'up')
    const file = join(listener.folder, '.commlooprc')
    const { stdout } = await runCli(['status', '--config', file])
    expect(stdout).toMatch(
      /Names of passive entries\n {2}peer\.example: 127\.0\.0\.7, looked up .* ago\n/,
    )
    await network.learn('peer.example', '127.0.0.8')
    first.process.kill('SIGKILL')
    await listener.link('peer', 'awaiting')
    await call('127.0.0.8')
    await eventually('the new address', () =>
      listener.linkEvents('peer').some(({ remote }) => remote?.startsWith('127.0.0.8:') === true),
    )
  })
})
