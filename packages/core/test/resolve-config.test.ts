import { describe, expect, it } from 'vitest'
import { pathText } from '../src/config/config-problem.js'
import type { EntryOptions, NodeOptions } from '../src/config/node-options.js'
import { configProblems, resolveConfig, resolveOptions } from '../src/config/resolve-config.js'
import { CommloopError } from '../src/contracts/errors.js'

const LISTEN = { port: 8000 }
const active = (more: Partial<EntryOptions> = {}): EntryOptions => ({
  role: 'active',
  ip: '192.168.0.2',
  port: 8001,
  ...more,
})
const passive = (more: Partial<EntryOptions> = {}): EntryOptions => ({
  role: 'passive',
  ip: '192.168.0.2',
  ...more,
})
const problems = (options: NodeOptions): string[] =>
  configProblems(options).map(({ path, message }) => `${pathText(path)}: ${message}`)
const ids = (...links: EntryOptions[]): string[] =>
  resolveConfig({ listen: LISTEN, links }).entries.map(({ id }) => id)

describe('names', () => {
  it('are derived from role, address and port, counting repeats', () => {
    expect(ids(passive(), active(), passive(), active({ port: 8002 }))).toEqual([
      'passive-192.168.0.2',
      'active-192.168.0.2:8001',
      'passive-192.168.0.2-2',
      'active-192.168.0.2:8002',
    ])
  })

  it('avoid ids that the user chose', () => {
    expect(ids(passive({ id: 'passive-10.0.0.1' }), passive({ ip: '10.0.0.1' }))).toEqual([
      'passive-10.0.0.1',
      'passive-10.0.0.1-2',
    ])
  })

  it('number the links of an entry with several slots', () => {
    const { entries } = resolveConfig({
      listen: LISTEN,
      links: [passive({ id: 'cell', slots: 3 })],
    })
    expect(entries[0]?.linkIds).toEqual(['cell/1', 'cell/2', 'cell/3'])
  })
})

describe('a link that comes up only with a frame of its peer', () => {
  const warned = (options: Partial<NodeOptions>, ...links: EntryOptions[]): string[] =>
    resolveOptions({ listen: LISTEN, links, ...options })
      .warnings.filter(({ message }) => message.includes('first frame'))
      .map(({ path }) => pathText(path))
  const frame = { ready: 'frame' } as const

  it.each<[string, Partial<NodeOptions>, EntryOptions[], string[]]>([
    ['once if the entries inherit it', frame, [active(), passive()], ['ready']],
    ['at the entry that says so', {}, [active(), passive(frame)], ['links[1].ready']],
    ['not with a heartbeat', { ...frame, heartbeat: { every: '5s' } }, [active()], []],
    ['not if the peer must send regularly', { ...frame, silence: '1m' }, [active()], []],
    ['not if the entry is disabled', {}, [active({ ...frame, enabled: false })], []],
    ['not with another value', { ready: 'stable' }, [active()], []],
  ])('causes a warning, %s', (_name, options, links, paths) => {
    expect(warned(options, ...links)).toEqual(paths)
  })
})

describe('entries whose peers nothing tells apart', () => {
  const TLS = { port: 8000, tls: {} }
  const lasting = (...links: EntryOptions[]): boolean[] =>
    resolveConfig({ listen: TLS, links }).entries.map(({ settings }) => settings.lasting)
  const warned = (...links: EntryOptions[]): string[] =>
    resolveOptions({ listen: TLS, links }).warnings.map(
      ({ path, message }) =>
        `${pathText(path)} ${/from the peer of ([^,]*)/.exec(message)?.[1] ?? ''}`,
    )
  const a = (more: Partial<EntryOptions> = {}): EntryOptions => passive({ id: 'a', ...more })
  const b = (more: Partial<EntryOptions> = {}): EntryOptions => passive({ id: 'b', ...more })

  it.each<[string, EntryOptions[], boolean[], string[]]>([
    ['one address', [a(), b()], [false, false], ['links[1] "a"']],
    [
      'one address in two notations',
      [a(), b({ ip: '::ffff:192.168.0.2' })],
      [false, false],
      ['links[1] "a"'],
    ],
    ['an entry with several slots', [a(), b({ slots: 3 })], [false, false], ['links[1] "a"']],
    ['a disabled entry', [a(), b({ enabled: false })], [false, false], ['links[1] "a"']],
    ['different addresses', [a(), b({ ip: '192.168.0.3' })], [true, true], []],
    ['a range around it', [a(), b({ ip: '192.168.0.0/24', slots: 4 })], [true, false], []],
    ['different identities', [a({ identity: 'x' }), b({ identity: 'y' })], [true, true], []],
    [
      'one identity',
      [a({ identity: 'x' }), b({ identity: 'x' })],
      [false, false],
      ['links[1] "a"'],
    ],
    [
      'a common identity',
      [a({ identity: ['x', 'y'] }), b({ identity: ['z', 'x'] })],
      [false, false],
      ['links[1] "a"'],
    ],
    ['an open entry after one', [a({ identity: 'x' }), b()], [true, false], ['links[1] "a"']],
    ['an open entry before one', [a(), b({ identity: 'x' })], [false, true], ['links[0] "b"']],
    [
      'one identity in two ranges',
      [a({ identity: 'x', ip: '10.0.0.0/8' }), b({ identity: 'x', ip: '11.0.0.0/8' })],
      [true, true],
      [],
    ],
    ['an active entry', [a(), active({ id: 'b' })], [true, true], []],
  ])('%s', (_name, links, expected, warnings) => {
    expect(lasting(...links)).toEqual(expected)
    expect(warned(...links)).toEqual(warnings)
  })

  it('are named in a message of bounded length', () => {
    const many = Array.from({ length: 300 }, (_, at) => passive({ id: `e${String(at)}` }))
    const { warnings } = resolveOptions({ listen: LISTEN, links: many })
    expect(warnings).toHaveLength(299)
    expect(warnings.at(-1)?.message).toContain('"e0", "e1", "e2" and others')
  })
})

describe('a link is lasting', () => {
  it.each([
    [active(), true],
    [passive(), true],
    [passive({ ip: '10.0.0.1/32' }), true],
    [passive({ slots: 2 }), false],
    [passive({ ip: '10.0.0.0/8' }), false],
    [passive({ ip: '0.0.0.0' }), false],
  ])('%j: %s', (entry, lasting) => {
    expect(resolveConfig({ listen: LISTEN, links: [entry] }).entries[0]?.settings.lasting).toBe(
      lasting,
    )
  })

  it('and then closes on FIN, and a passing link continues to serve', () => {
    const { entries } = resolveConfig({
      listen: LISTEN,
      links: [passive(), passive({ ip: '10.0.0.0/8' }), active({ halfClose: '9s' })],
    })
    expect(entries.map(({ settings }) => [settings.halfClose, settings.halfCloseMs])).toEqual([
      ['close', 2000],
      ['serve', 2000],
      ['serve', 9000],
    ])
  })
})

describe('settings', () => {
  it('are those of the entry, else those at the top, else the defaults', () => {
    const { entries } = resolveConfig({
      links: [active({ linger: '3s' }), active()],
      linger: '2s',
      stall: '7s',
    })
    expect(entries.map(({ settings }) => [settings.lingerMs, settings.stallMs])).toEqual([
      [3000, 7000],
      [2000, 7000],
    ])
    expect(entries[0]?.settings.partialFrameMs).toBe(10_000)
  })

  it('are one object for all entries without link options of their own', () => {
    const links = [active(), active({ id: 'a', linger: '3s' }), active({ ip: '10.0.0.9' })]
    const [first, other, last] = resolveConfig({ linger: '2s', links }).entries
    expect(first?.settings.lingerMs).toBe(2000)
    expect(last?.settings).toBe(first?.settings)
    expect(other?.settings).not.toBe(first?.settings)
  })

  it('differ in the default of halfClose if one link is for one peer and the other is not', () => {
    const links = [passive(), passive({ ip: '10.1.0.0/16', id: 'many' })]
    const { entries } = resolveConfig({ listen: LISTEN, links })
    expect(entries.map(({ settings }) => settings.halfClose)).toEqual(['close', 'serve'])
  })

  it('derive silence from the heartbeat', () => {
    const silence = (entry: EntryOptions): number | undefined =>
      resolveConfig({ links: [entry] }).entries[0]?.settings.silenceMs
    expect(silence(active())).toBe(0)
    expect(silence(active({ heartbeat: { every: '5s' } }))).toBe(15_000)
    expect(silence(active({ heartbeat: { every: '5s' }, silence: 'off' }))).toBe(0)
    expect(silence(active({ silence: '1m' }))).toBe(60_000)
  })
})

describe('mistakes', () => {
  it.each<[string, NodeOptions, string]>([
    [
      'an active entry without a port',
      { links: [{ role: 'active', ip: '10.0.0.1' }] },
      'links[0].port: expected 1–65535, found nothing',
    ],
    [
      'a port out of range',
      { links: [active({ port: 70_000 })] },
      'links[0].port: expected 1–65535, found 70000',
    ],
    [
      'anyone in an active entry',
      { links: [active({ ip: '0.0.0.0' })] },
      'links[0].ip: 0.0.0.0 means anyone and cannot be dialled',
    ],
    ['anyone in its mapped form', { links: [active({ ip: '::ffff:0.0.0.0' })] }, 'means anyone'],
    ['a name under ip', { links: [active({ ip: 'mes.example' })] }, 'names go under "host"'],
    [
      'an invalid address under host',
      { links: [{ role: 'active', host: '10.0.0.999', port: 1 }] },
      'links[0].host: expected a host name',
    ],
    ['ip and host', { links: [active({ host: 'mes.example' })] }, 'either "ip" or "host"'],
    [
      'a passive entry without listen',
      { links: [passive()] },
      'links[0]: a passive entry needs "listen"',
    ],
    [
      'a passive entry without ip',
      { listen: LISTEN, links: [{ role: 'passive' }] },
      'links[0].ip: a passive entry needs "ip"',
    ],
    [
      'a port on a passive entry',
      { listen: LISTEN, links: [passive({ port: 1 })] },
      'links[0].port: only an active entry has "port"',
    ],
    [
      'slots on an active entry',
      { links: [active({ slots: 2 })] },
      'links[0].slots: only a passive entry has "slots"',
    ],
    [
      'the same id twice',
      { links: [active({ id: 'a' }), active({ id: 'a' })] },
      'links[1].id: "a" is already the id of links[0]',
    ],
    [
      'an id of digits',
      { links: [active({ id: '7' })] },
      'links[0].id: expected an id that is not all digits',
    ],
    [
      'an id with a slash',
      { links: [active({ id: 'a/1' })] },
      'links[0].id: expected an id without "/"',
    ],
    [
      'an invalid duration',
      { links: [active({ linger: 'long' })] },
      'links[0].linger: expected a duration such as 250ms',
    ],
    [
      'the same at the top',
      { links: [active(), active()], linger: 'long' },
      'linger: expected a duration',
    ],
    [
      'a mark above the outbox',
      { links: [active({ outbox: '1KiB', highWaterMark: '2KiB' })] },
      'links[0].highWaterMark: expected at most',
    ],
    [
      'a heartbeat that answers itself',
      { links: [active({ heartbeat: { every: '1s', answer: '' } })] },
      'links[0].heartbeat.answer: expected something other',
    ],
    [
      'silence shorter than the heartbeat',
      { links: [active({ heartbeat: { every: '5s' }, silence: '4s' })] },
      'links[0].silence: expected more than heartbeat.every',
    ],
    [
      'a listening host that is not an address',
      { listen: { host: 'here', port: 1 }, links: [] },
      'listen.host: expected an IP address',
    ],
    [
      'an invalid bind address',
      { links: [active({ bind: 'eth0' })] },
      'links[0].bind: expected an IP address',
    ],
    [
      'an identity without TLS',
      { listen: LISTEN, links: [passive({ identity: 'x' })] },
      'links[0].identity: names are proved by TLS',
    ],
    [
      'an identity on an active entry',
      { links: [active({ identity: 'x' })] },
      'only a passive entry has "identity"',
    ],
    [
      'a range that narrower entries cover completely',
      {
        listen: LISTEN,
        links: [
          passive({ ip: '10.0.0.0/31', id: 'pair' }),
          passive({ ip: '10.0.0.0', id: 'a' }),
          passive({ ip: '10.0.0.1', id: 'b' }),
        ],
      },
      'links[0].ip: never filled: every address of 10.0.0.0/31 belongs to a, b',
    ],
  ])('%s', (_name, options, expected) => {
    expect(problems(options).join('\n')).toContain(expected)
  })

  it('at the top are reported once, regardless of how many entries inherit them', () => {
    expect(problems({ links: [active(), active()], linger: 'long' })).toHaveLength(1)
  })

  it('at the top are reported even if no entry inherits them', () => {
    expect(problems({ links: [], linger: 'long', bind: 'eth0' })).toEqual([
      'bind: expected an IP address, found "eth0"',
      'linger: expected a duration such as 250ms, 30s or 5m, found "long"',
    ])
    expect(problems({ links: [active({ linger: 1 })], linger: 'long' })).toHaveLength(1)
  })

  it('are reported once if an inherited option does not fit those of several entries', () => {
    const links = [active({ outbox: '1KiB' }), active({ outbox: '1KiB', ip: '10.0.0.9' })]
    expect(problems({ highWaterMark: '1MiB', links })).toEqual([
      "highWaterMark: expected at most the outbox's bytes, 1024, found 1048576",
    ])
  })

  it('are reported in the order of the table', () => {
    const links = [active({ port: 0, stall: 'x' }), active({ ip: 'x' })]
    expect(problems({ links, stall: 'y', linger: 'z' }).map((text) => text.split(':')[0])).toEqual([
      'links[0].port',
      'links[0].stall',
      'linger',
      'stall',
      'links[1].ip',
    ])
  })

  it('come with a configuration in which a wrong option has its default', () => {
    const { config, problems: found } = resolveOptions({ links: [active({ linger: 'long' })] })
    expect(found).toHaveLength(1)
    expect(config.entries[0]?.settings.lingerMs).toBe(1000)
  })

  it('are not looked for in a configuration that is resolved already', () => {
    const config = resolveConfig({ links: [active()] })
    expect(resolveOptions(config)).toEqual({ config, problems: [], warnings: [] })
    expect(resolveConfig(config)).toBe(config)
  })

  it('are reported all together', () => {
    const options = { links: [active({ port: 0 }), active({ ip: 'x' }), passive()] }
    expect(problems(options)).toHaveLength(3)
    expect(() => resolveConfig(options)).toThrow(CommloopError)
  })

  it('are not reported for a range of which one address is left', () => {
    const links = [
      passive({ ip: '10.0.0.0/30' }),
      passive({ ip: '10.0.0.0/31' }),
      passive({ ip: '10.0.0.2' }),
    ]
    expect(problems({ listen: LISTEN, links })).toEqual([])
  })
})
