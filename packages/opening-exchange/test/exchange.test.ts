import { describe, expect, it } from 'vitest'
import { exchange } from '../src/index.js'
import { TestExchange } from './exchange-session.js'

const LOGON = {
  steps: [
    { send: 'LOGON', name: 'logon' },
    { expect: 'OK', refuse: 'NO', name: 'welcome' },
    { send: { hex: '06' } },
  ],
}

describe('the opening exchange', () => {
  it('sends until it expects something, and opens after the last step', () => {
    const session = new TestExchange(LOGON)
    expect(session.log).toEqual(['sends 4c4f474f4e'])
    expect(session.progress).toBe('step 2 of 3 (welcome)')
    expect(session.hear('OK')).toBe(true)
    expect(session.log).toEqual(['sends 06', 'opens'])
    expect([session.progress, session.stays]).toEqual([undefined, false])
  })

  it('lets the peer speak first', () => {
    const session = new TestExchange({ steps: [{ expect: { text: 'DTU', prefix: true } }] })
    expect([session.log, session.progress]).toEqual([[], 'step 1 of 1'])
    expect(session.hear('DTU0001234')).toBe(true)
    expect(session.log).toEqual(['opens'])
  })

  it('opens without the peer if it only sends', () => {
    const session = new TestExchange({ steps: [{ send: 'REG' }, { send: { base64: 'AAE=' } }] })
    expect(session.log).toEqual(['sends 524547', 'sends 0001', 'opens'])
  })

  it('compares only the bits of a mask, and more bytes may follow', () => {
    const steps = [{ expect: { hex: '11d0', mask: 'fff0' } }]
    for (const hex of ['11d0', '11df0000']) {
      const session = new TestExchange({ steps })
      session.hearHex(hex)
      expect(session.log, hex).toEqual(['opens'])
    }
    for (const hex of ['11', '11e0', '12d0']) {
      const session = new TestExchange({ steps })
      session.hearHex(hex)
      expect(session.log.at(0), hex).toMatch(/^refuses: /)
    }
  })

  it('compares the length too without a mask, or with a mask and `prefix: false`', () => {
    for (const expect_ of [{ hex: '11d0' }, { hex: '11d0', mask: 'ffff', prefix: false }]) {
      const session = new TestExchange({ steps: [{ expect: expect_ }] })
      session.hearHex('11d000')
      expect(session.log.at(0)).toMatch(/^refuses: step 1 of 1 expects 11d0/)
    }
  })

  it('goes on with any of several alternatives', () => {
    for (const text of ['OK', 'WELCOME']) {
      const session = new TestExchange({ steps: [{ expect: ['OK', { text: 'WELCOME' }] }] })
      session.hear(text)
      expect(session.log).toEqual(['opens'])
    }
  })

  it('says which step has failed, what was expected and what came', () => {
    const session = new TestExchange(LOGON)
    session.hearHex('0001')
    const reason = 'step 2 of 3 (welcome) expects "OK" (4f4b), and the peer sent 0001'
    expect(session.log.at(-1)).toBe(`refuses: ${reason}`)
  })

  it('shows the beginning of a long payload, and an empty one in words', () => {
    for (const [payload, shown] of [
      [Buffer.alloc(100, 0xaa), `${'aa'.repeat(32)}… (32 of 100 bytes)`],
      [Buffer.alloc(0), 'an empty frame'],
    ] as const) {
      const session = new TestExchange(LOGON)
      session.hear(payload)
      expect(session.log.at(-1)?.endsWith(`, and the peer sent ${shown}`)).toBe(true)
    }
  })

  it('turns a refusal of the peer into the reason', () => {
    const plain = new TestExchange(LOGON)
    plain.hear('NO')
    expect(plain.log.at(-1)).toBe(
      'refuses: step 2 of 3 (welcome): the peer refuses with "NO" (4e4f)',
    )
    const named = new TestExchange({
      steps: [{ expect: 'OK', refuse: [{ text: 'E1', reason: 'wrong password' }, 'E2'] }],
    })
    named.hear('E1')
    expect(named.log).toEqual(['refuses: step 1 of 1: wrong password'])
  })

  it('answers at any time, and stays for it', () => {
    const answers = [{ to: 'PING', send: 'PONG' }, { to: { hex: '00' } }]
    const session = new TestExchange({ steps: [{ expect: 'OK' }], answers })
    expect(session.stays).toBe(true)
    expect([session.hear('PING'), session.hearHex('00'), session.hear('OK')]).toEqual([
      true,
      true,
      true,
    ])
    expect(session.log).toEqual(['sends 504f4e47', 'opens'])
    expect([session.hear('PING'), session.hear('data')]).toEqual([true, false])
    expect(session.log).toEqual(['sends 504f4e47'])
  })

  it('never shows a secret', () => {
    const session = new TestExchange({ steps: [{ expect: { secret: 'LOGIN hunter2' } }] })
    session.hear('LOGIN hunter1')
    const [reason] = session.log
    expect(reason).toBe('refuses: step 1 of 1 expects a secret, and the peer sent something else')
  })

  it('has the same spec for the same options', () => {
    expect(exchange(LOGON).spec).toBe(exchange({ ...LOGON }).spec)
    expect(exchange(LOGON).spec).not.toBe(exchange({ steps: [{ send: 'X' }] }).spec)
  })
})

describe('known handshakes', () => {
  it('opens an ISO-on-TCP connection and sets up S7', () => {
    const session = new TestExchange({
      steps: [
        { send: { hex: '11e00000000100c1020100c2020102c0010a' }, name: 'connect request' },
        { expect: { hex: '11d0', mask: '00ff' }, name: 'connect confirm' },
        { send: { hex: '02f08032010000ccc100080000f0000001000103c0' }, name: 'setup' },
        { expect: { hex: '02f08032030000ccc1', mask: 'ffffffffffffffffff' }, name: 'setup answer' },
      ],
    })
    session.hearHex('11d00001000100c0010ac1020100c2020102')
    expect(session.progress).toBe('step 4 of 4 (setup answer)')
    session.hearHex('02f08032030000ccc1000800000000f0000001000100f0')
    expect(session.log.at(-1)).toBe('opens')
  })

  it('asks for a FINS node address, and tells a refusal from an answer', () => {
    const steps = [
      { send: { hex: '000000000000000000000000' }, name: 'node address' },
      {
        expect: { hex: '0000000100000000', mask: 'ffffffffffffffff' },
        refuse: { hex: '00000001', prefix: true, reason: 'the PLC has no free node address' },
      },
    ]
    const open = new TestExchange({ steps })
    open.hearHex('00000001000000000000000a00000001')
    expect(open.log.at(-1)).toBe('opens')
    const full = new TestExchange({ steps })
    full.hearHex('0000000100000020')
    expect(full.log.at(-1)).toBe('refuses: step 2 of 2: the PLC has no free node address')
  })
})
