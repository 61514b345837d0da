import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { type AddressInfo } from 'node:net'
import { parseIp, type PluginEntry } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import type { OwnAddress } from '../src/own-addresses.js'
import { checkReach } from '../src/reach-check.js'

function own(name: string, text: string, prefixBits: number): OwnAddress {
  return { interface: name, text, prefixBits, address: parseIp(text) ?? new Uint8Array() }
}

const MACHINE = [
  own('lo', '127.0.0.1', 8),
  own('eth0', '10.0.0.1', 24),
  own('eth0', '2001:db8::1', 64),
  own('eth1', '192.168.5.1', 24),
]

/** The warnings about the address family, and all others. */
function judged(host: string | undefined, entry: PluginEntry): [string[], string[]] {
  const listen = { port: 8000, ...(host === undefined ? {} : { host }) }
  const warnings = checkReach({ listen, links: [entry] }, MACHINE).map(({ message }) => message)
  const isOfFamily = (message: string): boolean => /^never filled: .* is IPv[46], /.test(message)
  return [warnings.filter(isOfFamily), warnings.filter((message) => !isOfFamily(message))]
}

function passive(ip: string): PluginEntry {
  return { role: 'passive', ip }
}

describe('a passive entry of the other address family', () => {
  it.each([
    [undefined, '2001:db8::2', 'IPv6', '0.0.0.0'],
    ['0.0.0.0', '2001:db8::/32', 'IPv6', '0.0.0.0'],
    ['::ffff:0.0.0.0', '2001:db8::2', 'IPv6', '::ffff:0.0.0.0'],
    ['10.0.0.1', 'fe80::1', 'IPv6', '10.0.0.1'],
    ['::1', '127.0.0.2', 'IPv4', '::1'],
    ['2001:db8::1', '10.0.0.0/24', 'IPv4', '2001:db8::1'],
    ['2001:db8::1', '::ffff:10.0.0.7', 'IPv4', '2001:db8::1'],
  ])('behind %s, %s, is reported', (host, ip, family, door) => {
    const [problems, warnings] = judged(host, passive(ip))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(
      `never filled: ${ip} is ${family}, and listen.host ${door} accepts`,
    )
    expect(warnings).toEqual([])
  })

  it.each([
    ['::', '10.0.0.7'],
    ['::', '2001:db8::2'],
    [undefined, '10.0.0.7'],
    [undefined, '::ffff:10.0.0.7'],
    [undefined, '0.0.0.0'],
    [undefined, '::'],
    ['::1', '0.0.0.0'],
    ['::ffff:10.0.0.1', '10.0.0.7'],
    ['2001:db8::1', 'fe80::/64'],
  ])('is not what %s has with %s', (host, ip) => {
    expect(judged(host, passive(ip))[0]).toEqual([])
  })
})

/** Which of the two loopback addresses a socket that listens at `host` lets in. */
async function letsIn(host: string): Promise<string[]> {
  const server = createServer()
  server.listen({ host, port: 0 })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const families: string[] = []
  for (const [family, address] of [
    ['IPv4', '127.0.0.1'],
    ['IPv6', '::1'],
  ] as const) {
    const socket = connect({ host: address, port })
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) families.push(family)
  }
  server.close()
  return families
}

describe('the judgement of address families', () => {
  it.each(['0.0.0.0', '127.0.0.1', '::', '::1', '::ffff:0.0.0.0', '::ffff:127.0.0.1'])(
    'is that of the kernel for %s',
    async (host) => {
      const accepted = [
        ['IPv4', '127.0.0.1'],
        ['IPv6', '::1'],
      ].filter(([, ip = '']) => judged(host, passive(ip))[0].length === 0)
      expect(accepted.map(([family]) => family)).toEqual(await letsIn(host))
    },
  )
})

describe('a passive entry that no connection can reach', () => {
  it.each([
    ['127.0.0.1', '10.0.0.7', 'is reached only from this machine'],
    ['127.0.0.1', '172.16.0.0/12', 'is reached only from this machine'],
    ['::1', '2001:db8::7', 'is reached only from this machine'],
    ['10.0.0.1', '192.168.5.9', 'is in the network of eth1 (192.168.5.1)'],
    ['192.168.5.1', '10.0.0.128/25', 'is in the network of eth0 (10.0.0.1)'],
  ])('behind %s, %s, is a warning', (host, ip, text) => {
    const [problems, warnings] = judged(host, passive(ip))
    expect(problems).toEqual([])
    expect(warnings).toEqual([expect.stringContaining(text)])
  })

  it.each([
    ['127.0.0.1', '127.0.0.2'],
    ['127.0.0.1', '10.0.0.1'], // a program on this machine, from its own address
    ['127.0.0.1', '10.0.0.0/24'],
    ['10.0.0.1', '10.0.0.7'],
    ['10.0.0.1', '203.0.113.9'], // behind a gateway
    ['10.0.0.1', '127.0.0.1'],
    ['10.9.9.9', '192.168.5.9'], // not this machine's address: perhaps not there yet
    ['0.0.0.0', '192.168.5.9'],
  ])('is not what %s has with %s', (host, ip) => {
    expect(judged(host, passive(ip))).toEqual([[], []])
  })
})

describe('an active entry that dials the listener of its own node', () => {
  it.each([
    [undefined, { ip: '127.0.0.1' }],
    [undefined, { ip: '10.0.0.1' }],
    [undefined, { host: 'localhost' }],
    ['::', { ip: '127.0.0.2' }],
    ['::', { ip: '2001:db8::1' }],
    ['10.9.9.9', { ip: '10.9.9.9' }],
    ['10.9.9.9', { ip: '::ffff:10.9.9.9' }],
  ])('at %s by %o is a warning', (host, place) => {
    const [problems, warnings] = judged(host, { role: 'active', port: 8000, ...place })
    expect(problems).toEqual([])
    expect(warnings).toEqual([expect.stringContaining('is where this node itself listens')])
  })

  it.each([
    [undefined, { ip: '127.0.0.1', port: 8001 }],
    [undefined, { ip: '10.0.0.7', port: 8000 }],
    [undefined, { ip: '::1', port: 8000 }],
    ['10.0.0.1', { ip: '127.0.0.1', port: 8000 }],
    [undefined, { host: 'mes.example', port: 8000 }],
  ])('is not what %s has with %o', (host, place) => {
    expect(judged(host, { role: 'active', ...place })[1]).toEqual([])
  })
})
