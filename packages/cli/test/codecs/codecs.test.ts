import { FRAMINGS } from '@commloop/framings'
import { describe, expect, it } from 'vitest'
import { endCliProcessesAfterEach, runCli } from '@commloop/test-support/cli-process'
import { removeTestFoldersAfterEach, testFolder } from '@commloop/test-support/test-folder'

endCliProcessesAfterEach()
removeTestFoldersAfterEach()

const LINKS = [{ id: 'plc', role: 'active', ip: '192.168.0.10', port: 102 }]

function folderWith(codec: unknown): string {
  return testFolder({ '.commlooprc': { node: 'plant', codec, links: LINKS } })
}

describe('commloop codecs', () => {
  it('lists every name with one line', async () => {
    const { code, stdout } = await runCli(['codecs'])
    expect(code).toBe(0)
    for (const { name } of FRAMINGS) expect(stdout).toMatch(`${name} `)
    for (const { title } of FRAMINGS) expect(stdout).toContain(title)
    for (const name of ['len16', 'length-field', 'fixed']) expect(stdout).toContain(`  ${name} `)
  })

  it('shows what a name stands for', async () => {
    const { code, stdout } = await runCli(['codecs', 'tpkt'])
    expect(code).toBe(0)
    expect(stdout).toContain(`
It stands for
  codec:
    use: length-field
    length:
      bytes: 2
      offset: 2
    counts: frame
    magic:
      hex: "0300"

You may also set
  maxPayload, emptyFrames, keep, resync

Frame
  ┌───────┬─────────────────┬──────┐
  │ 03 00 │ length: 2 bytes │ body │
  └───────┴─────────────────┴──────┘
  0       2                 4
  The payload is the body.

Sample: a data TPDU without data
  frame    03 00 00 07 02 f0 80
  payload  02 f0 80
`)
    expect(stdout).toContain('Source\n  RFC 1006, section 6\n')
  })

  it('shows the heartbeat that peers expect', async () => {
    const { stdout } = await runCli(['codecs', 'iec104'])
    expect(stdout).toContain('every: 20s\n    payload:\n      hex: "43000000"\n')
  })

  it('draws a frame of each name', async () => {
    const drawn = FRAMINGS.filter(({ codec }) => codec === 'length-field').slice(0, 3)
    for (const { name } of drawn)
      expect((await runCli(['codecs', name])).stdout).toContain('│ body')
  })

  it('has a form for programs', async () => {
    const { stdout } = await runCli(['codecs', '--json'])
    const names = (JSON.parse(stdout) as { name: string }[]).map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(FRAMINGS.map(({ name }) => name)))
    const one = await runCli(['codecs', 'len32', '--json'])
    expect(JSON.parse(one.stdout)).toMatchObject({ name: 'len32', codec: 'length-field' })
  })

  it('guesses what an unknown name was meant to be', async () => {
    const { code, stderr } = await runCli(['codecs', 'netsring'])
    expect(stderr).toContain('there is no built-in codec "netsring": did you mean "netstring"?')
    expect(code).toBe(2)
  })
})

describe('commloop codecs --guess', () => {
  const TELEGRAM = '0045TEST20250929101112L3L2114514        hello'

  it('names the codec for the bytes of a file, and what else is possible', async () => {
    const cwd = testFolder({ 'capture.bin': TELEGRAM })
    const { code, stdout } = await runCli(['codecs', '--guess', 'capture.bin'], { cwd })
    expect(stdout).toMatch(
      /^45 bytes: "0045TEST20250929"\n\nLooks like\n {2}codec: telegram-40 +\d+ bits of evidence +1 frame up to the last byte\n/,
    )
    expect(stdout).toContain('Also possible, with less evidence\n  codec: { use: length-field, ')
    expect(code).toBe(0)
  })

  it('reads hexadecimal digits, and says what it cannot distinguish', async () => {
    const { code, stdout } = await runCli(['codecs', '--guess', '30 30 30 35 68:65:6c:6c:6f'])
    expect(stdout).toMatch(/Looks like one of\n {2}codec: decimal-4 .*\n {2}codec: hex-4 /)
    expect(code).toBe(0)
  })

  it('reads only the beginning of a file', async () => {
    const cwd = testFolder({ long: 'hello\r\n'.repeat(1_000) })
    const { stdout } = await runCli(['codecs', '--guess', 'long', '--json'], { cwd })
    expect(JSON.parse(stdout)).toMatchObject({
      bytes: 1024,
      all: false,
      protocol: null,
      codecs: [{ name: 'crlf', codec: 'crlf', likely: true, endsWithLastByte: false }, {}],
    })
  })

  it('names other protocols', async () => {
    const cwd = testFolder({ request: 'GET / HTTP/1.1\r\n\r\n' })
    const { code, stdout } = await runCli(['codecs', '--guess', 'request'], { cwd })
    expect(stdout).toContain('Looks like an HTTP request: ')
    expect(code).toBe(0)
  })

  it('exits with 4 if nothing fits', async () => {
    const { code, stdout } = await runCli(['codecs', '--guess', '9c4000ff13aa7701'])
    expect(stdout).toContain('No codec fits.')
    expect(code).toBe(4)
  })

  it.each([
    ['missing.bin', 'expected the path of a file, or two hexadecimal digits for each byte: ENOENT'],
    ['.', 'expected the path of a file, or two hexadecimal digits for each byte: EISDIR'],
    ['abc', 'expected the path of a file, or two hexadecimal digits for each byte: ENOENT'],
  ])('rejects %s', async (given, problem) => {
    const { code, stderr } = await runCli(['codecs', '--guess', given], { cwd: testFolder({}) })
    expect(stderr).toContain(problem)
    expect(code).toBe(2)
  })
})

describe('a framing in a configuration', () => {
  it('is a codec of commloop', async () => {
    const { code, stdout } = await runCli(['check'], { cwd: folderWith('tpkt') })
    expect(stdout).toMatch(/codec +\{"use":"tpkt"\} +@commloop\/codec-length-field/)
    expect(code).toBe(0)
  })

  it('may have the options that its name leaves open, and no others', async () => {
    const options = { use: 'tpkt', maxPayload: 70_000, counts: 'body' }
    const { code, stderr } = await runCli(['check'], { cwd: folderWith(options) })
    expect(stderr).toContain(
      'codec.counts: fixed by this name; use: length-field takes every option',
    )
    expect(code).toBe(2)
    const limit = await runCli(['check'], { cwd: folderWith({ use: 'tpkt', maxPayload: 70_000 }) })
    expect(limit.stderr).toContain('codec.maxPayload: expected a size of 1 to 65531 bytes')
  })

  it('has the place of a mistake within a list', async () => {
    const trailer = [{ bytes: 'x' }, { checksum: 'crc' }]
    const cwd = folderWith({ use: 'length-field', length: 2, trailer })
    const { stderr } = await runCli(['check'], { cwd })
    expect(stderr).toContain('codec.trailer[1].checksum: expected one of ')
  })

  it('matches a peer that spells the options out', async () => {
    const spelled = {
      use: 'length-field',
      length: { bytes: 2, offset: 2 },
      counts: 'frame',
      magic: { hex: '0300' },
    }
    const peerLinks = [{ id: 'plant', role: 'passive', ip: '192.168.0.1' }]
    const folderOf = (codec: unknown): string =>
      testFolder({
        '.commlooprc': { node: 'plant', bind: '192.168.0.1', codec: 'tpkt', links: LINKS },
        'peer.yaml': JSON.stringify({
          node: 'plc',
          listen: { host: '192.168.0.10', port: 102 },
          codec,
          links: peerLinks,
        }),
      })
    const check = ['check', '--with', 'peer.yaml']
    expect((await runCli(check, { cwd: folderOf(spelled) })).stdout).not.toContain('codec-differs')
    expect((await runCli(check, { cwd: folderOf('len32') })).stdout).toContain('codec-differs')
    // Only the limit differs, and that is what the finding says.
    const limited = await runCli(check, { cwd: folderOf({ ...spelled, maxPayload: 100 }) })
    expect(limited.stdout).not.toContain('codec-differs')
    expect(limited.stdout).toContain(
      'payload-limit-differs  plant may send payloads of 65531 bytes',
    )
  })

  it.each([
    ['the end as a text', { use: 'delimited', start: { hex: '0b' }, end: '\u001c\r' }],
    ['the end in base64', { use: 'delimited', start: '\v', end: { base64: 'HA0=' } }],
  ])('matches a peer that writes %s', async (_, codec) => {
    const cwd = testFolder({
      '.commlooprc': { node: 'plant', bind: '192.168.0.1', codec: 'mllp', links: LINKS },
      'peer.yaml': JSON.stringify({
        node: 'plc',
        listen: { host: '192.168.0.10', port: 102 },
        codec: { ...codec, maxPayload: '1MiB' },
        links: [{ id: 'plant', role: 'passive', ip: '192.168.0.1' }],
      }),
    })
    const { code, stdout } = await runCli(['check', '--with', 'peer.yaml'], { cwd })
    expect(stdout).toContain('match')
    expect(code).toBe(0)
  })

  it('has a warning if its messages are larger than the queue', async () => {
    const cwd = testFolder({
      '.commlooprc': { node: 'plant', codec: 'mllp', outbox: '512KiB', links: LINKS },
    })
    const { code, stdout, stderr } = await runCli(['check'], { cwd })
    expect(stdout + stderr).toMatch(
      /outbox: 512KiB at "plc", and its codec allows messages of up to 1MiB[.] /,
    )
    expect(code).toBe(0)
  })
})

describe('the words that a shell offers', () => {
  it('are the names of codecs after "commloop codecs"', async () => {
    const { stdout } = await runCli(['complete', '--', 'codecs', ''])
    for (const name of ['len16', 'length-field', 'modbus-tcp']) expect(stdout).toContain(name)
  })
})
