import type { ListenHandler, Transport } from '@commloop/core'
import { ManualClock, MemoryNetwork, SeededRandom } from '@commloop/testing'
import {
  sendRouterCompliance,
  transportCompliance,
  type TransportHosts,
} from '@commloop/testing/compliance'
import { expect, it } from 'vitest'
import { LetterRouter } from '../../src/demo/letter-router.js'
import { MortalTransport } from '../../src/demo/mortal-transport.js'

sendRouterCompliance('letter', () => new LetterRouter(), {
  payloads: ['p is for press', 'f', 'c is for the cells'].map((text) => Buffer.from(text)),
  relays: 'nothing',
})

const SILENT = { ip: '10.0.0.3', port: 8000 }

function mortalHosts(): TransportHosts {
  const clock = new ManualClock()
  const network = new MemoryNetwork(clock, new SeededRandom('mortal'))
  network.part('10.0.0.1', SILENT.ip)
  return {
    dialing: new MortalTransport(network.host('10.0.0.1')),
    listening: new MortalTransport(network.host('10.0.0.2')),
    ip: '10.0.0.2',
    bind: '10.0.0.4',
    wait(ms) {
      if (ms === 0) clock.runNext()
      else clock.advance(ms)
    },
  }
}

transportCompliance('mortal', mortalHosts, { silence: () => SILENT })

it('a mortal transport forwards `refused` of the inner transport', () => {
  let inner: ListenHandler | undefined
  const listening: Transport = {
    dial: () => ({ cancel: () => undefined }),
    listen(_, handler) {
      inner = handler
      return { close: () => undefined }
    },
  }
  const refusals: unknown[] = []
  new MortalTransport(listening).listen(
    { ip: '10.0.0.2', port: 1, options: {} },
    {
      listening: () => undefined,
      admit: () => true,
      accepted: () => undefined,
      refused: (remote, reason) => refusals.push(remote, reason),
      failed: () => undefined,
    },
  )
  inner?.refused?.(SILENT, 'tls: no certificate')
  expect(refusals).toEqual([SILENT, 'tls: no certificate'])
})
