import { CommloopError, type PluginSide } from '@commloop/core'
import { describe, expect, it } from 'vitest'
import definition from '../src/index.js'

/** Every rejected option, with what is wrong. */
function rejected(options: Record<string, unknown>): string[] {
  try {
    definition.create(options)
  } catch (error) {
    if (!CommloopError.is(error)) throw error
    expect(error.code).toBe('CML_ERR_CONFIG_INVALID')
    const { details } = error
    return [details ?? {}, ...(details?.furtherOptions ?? [])].map(
      ({ option = '', problem = '' }) => `${option}: ${problem}`,
    )
  }
  return []
}

function side(node: string, role: 'active' | 'passive', options: object): PluginSide {
  return {
    node,
    role,
    options: options as PluginSide['options'],
    transportOptions: {},
    identities: undefined,
    heartbeats: [],
  }
}

function compared(dialer: object, acceptor: object): readonly object[] | undefined {
  return definition.compare?.(side('l2', 'active', dialer), side('mes', 'passive', acceptor))
}

const BYTES = 'a text, { hex: … }, { base64: … }, { text: … } or { secret: … }'

describe('the options of an exchange', () => {
  it.each([
    [
      {},
      'steps: expected a list of at least one step, each { send: … } or { expect: … }, found nothing',
    ],
    [
      { steps: [] },
      'steps: expected a list of at least one step, each { send: … } or { expect: … }, found a list',
    ],
    [{ steps: ['x'] }, 'steps.0: expected { send: … } or { expect: … }, found "x"'],
    [
      { steps: [{ send: 'a', expect: 'b' }] },
      'steps.0: expected { send: … } or { expect: … }, found a map',
    ],
    [{ steps: [{ send: { hex: 'xyz' } }] }, `steps.0.send: expected ${BYTES}, found a map`],
    [{ steps: [{ send: { base64: 'A' } }] }, `steps.0.send: expected ${BYTES}, found a map`],
    [
      { steps: [{ send: { hex: '00', text: 'a' } }] },
      `steps.0.send: expected ${BYTES}, found a map`,
    ],
    [
      { steps: [{ send: 'a', nam: 'b' }] },
      'steps.0.nam: expected one of the keys send, name, found "nam"',
    ],
    [{ steps: [{ expect: ['a', 5] }] }, `steps.0.expect.1: expected ${BYTES}, found 5`],
    [
      { steps: [{ expect: { hex: '0000', mask: 'ff' } }] },
      'steps.0.expect.mask: expected pairs of hexadecimal digits, 2 bytes as the pattern, found "ff"',
    ],
    [
      { steps: [{ expect: { hex: '00', prefix: 1 } }] },
      'steps.0.expect.prefix: expected true or false, found 1',
    ],
    [{ steps: [{ expect: 'a', name: 1 }] }, 'steps.0.name: expected a text, found 1'],
    [
      { steps: [{ send: 'a' }], answers: [{ send: 'b' }] },
      'answers.0: expected { to: … } or { to: …, send: … }, found a map',
    ],
    [
      { steps: [{ send: 'a' }], answers: [{ to: 'b', send: 'b' }] },
      'answers.0.send: expected something that is not answered itself ("b" (62)), found "this payload"',
    ],
    [{ steps: [{ send: 'a' }], answer: [] }, 'answer: unknown option. Did you mean "answers"?'],
  ])('%o is rejected', (options, problem) => {
    expect(rejected(options)).toEqual([problem])
  })

  it('are all checked at once', () => {
    expect(rejected({ steps: [{ send: 1 }, { expect: 2 }], extra: 1 })).toHaveLength(3)
  })

  it('are a bounded number', () => {
    const steps = Array.from({ length: 101 }, () => ({ send: 'a' }))
    expect(rejected({ steps })).toEqual(['steps: expected a list of at most 100, found a list'])
  })
})

describe('the two sides of a link', () => {
  const dialer = { steps: [{ send: 'LOGON' }, { expect: 'OK' }] }

  it('match if their steps do', () => {
    expect(compared(dialer, { steps: [{ expect: 'LOGON' }, { send: 'OK' }] })).toEqual([])
  })

  it('match with what the counterpart gives', () => {
    const mine = side('l2', 'active', dialer)
    const counterpart = definition.counterpart?.(mine)
    expect(counterpart).toEqual({
      options: {
        use: 'exchange',
        steps: [{ expect: { hex: '4c4f474f4e' } }, { send: { hex: '4f4b' } }],
      },
      notes: [],
    })
    const { use, ...options } = counterpart?.options ?? {}
    expect([use, compared(dialer, options)]).toEqual(['exchange', []])
  })

  it.each([
    [
      { steps: [{ expect: 'HELLO' }, { send: 'OK' }] },
      'mes refuses l2: step 1 of 2 expects "HELLO" (48454c4c4f), and the peer sent "LOGON" (4c4f474f4e)',
    ],
    [
      { steps: [{ expect: 'LOGON' }] },
      'the openings do not meet: l2 waits at step 2 of 2, and nothing more is sent',
    ],
    [
      { steps: [{ expect: 'LOGON' }, { send: 'OK' }, { send: 'MORE' }] },
      'mes says "MORE" (4d4f5245) when l2 has finished its opening: l2 takes it as a message',
    ],
  ])('do not match if they would not open', (acceptor, message) => {
    expect(compared(dialer, acceptor)).toEqual([{ finding: 'opening-differs', message }])
  })

  it('are not compared if the options of one are invalid', () => {
    expect(compared(dialer, { steps: 1 })).toMatchObject([{ finding: 'options-invalid' }])
  })

  it('keep their secrets in the counterpart, and say that they must be filled in', () => {
    const steps = [{ send: { secret: 'pw' } }, { expect: { hex: '11d0', mask: 'ff00' } }]
    const { options, notes } = definition.counterpart?.(side('l2', 'active', { steps })) ?? {}
    expect(JSON.stringify(options)).not.toContain('pw')
    expect(notes).toEqual([
      'step 1: fill in the secret that our side sends',
      'step 2: our side expects a pattern; these bytes fit, and others may too',
    ])
  })
})
