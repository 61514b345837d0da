import { describe, expect, it } from 'vitest'
import { type Check, transportChecks, type TransportHosts } from '../src/compliance/index.js'
import { ManualClock } from '../src/index.js'
import { FaultyTransport } from './faulty-transport.js'
import { memoryHosts, SILENT } from './memory-hosts.js'
import { failedChecks } from './planted-faults.js'
import type { TransportFault } from './transport-fault.js'

function faultyHosts(fault: TransportFault): TransportHosts {
  const clock = new ManualClock()
  const { dialing, listening, ...hosts } = memoryHosts({}, clock)
  return {
    ...hosts,
    dialing: new FaultyTransport(dialing, fault, clock),
    listening: new FaultyTransport(listening, fault, clock),
  }
}

function checksOf(fault: TransportFault): readonly Check[] {
  return transportChecks(() => faultyHosts(fault), { silence: () => SILENT })
}

/** Each fault, and a part of the names of the checks that must notice it. */
const FAULTS: Readonly<Record<TransportFault, string>> = {
  'fails a dial before dial has returned': 'without a listener',
  'opens a dial that was cancelled': 'cancelled, at any stage',
  'fails a dial that it has opened': 'exactly once',
  'never times out a dial': 'within its time limit',
  'ends connections at the time limit of their dial': 'after the time limit of its dial',
  'closes the connection when its dial is cancelled late': 'cancelled too late',
  'reports the same address for both ends': 'the same two addresses',
  'ignores the address in `bind`': 'from the address in `bind`',
  'ignores options': 'with an unknown option',
  'reports port 0': 'reports the real port',
  'reports listening on a port that is in use': 'that is in use',
  'accepts without asking': 'admit once before it accepts',
  'accepts connections that are not admitted': 'does not accept a connection that is not admitted',
  'keeps connections that are not wanted': 'that accepted does not want',
  'accepts after close': 'after close has returned',
  'ignores close within admit': 'closed within admit',
  'opens a listener that was closed immediately': 'closed before it is listening',
  'keeps its port after close': 'listens again on the port',
  'closes connections with their listener': 'after close has returned',
  'reads at first': 'does not read at first',
  'reads during a pause': 'setReading(false) has returned',
  'counts the calls of setReading': 'setReading many times',
  'reuses the memory of its chunks': 'never writes to again',
  'keeps the chunks after written': 'does not use them after written',
  'releases chunks before it has copied them': 'if write has returned true',
  'changes the chunks of a write': 'leaves the chunks as they are',
  'confirms writes that are only queued': 'makes the writer wait',
  'confirms within write': 'confirms each write once',
  'confirms twice': 'confirms each write once',
  'never confirms writes without bytes': 'a write without bytes',
  'confirms after destroy': 'confirms no write after destroy',
  'confirms a write that a reset cut off': 'that a reset of the other side has cut off',
  'sends the chunks of a write in reverse': 'chunks of one write in order',
  'loses the last byte of large writes': 'writes of 1 byte to several MiB',
  'drops bytes that arrive after its own FIN': 'continues to read after end',
  'ends before the write in progress': 'delivers everything that was written before end',
  'does not report the end of the other side': 'both sides end at the same moment',
  'ends twice': 'can be ended within ended',
  'closes twice': 'exactly once each',
  'closes within destroy': 'closes a destroyed end as destroyed',
  'never closes': 'closes a destroyed end as destroyed',
  'reports a reset as an orderly end': 'the other end as failed',
  'delivers after destroy': 'destroyed within received',
  'delivers what it had buffered after destroy': 'an unread end',
  'ignores destroy until opened has returned': 'within opened and accepted',
  'closes again when destroy is called again': 'ignores calls after closed',
  'delivers to its latest connection': 'keeps many concurrent connections separate',
}

describe('transportChecks', () => {
  it('skip two checks without an address that never answers', () => {
    const skipped = transportChecks(() => memoryHosts()).filter((check) => check.skipped)
    expect(skipped).toHaveLength(2)
  })

  it.each(Object.entries(FAULTS))('notice a transport that %s', async (fault, noticedBy) => {
    const checks = checksOf(fault as TransportFault).filter(({ name }) => name.includes(noticedBy))
    expect(checks).not.toEqual([])
    expect([...(await failedChecks(checks)).keys()]).toEqual(checks.map(({ name }) => name))
  })
})
