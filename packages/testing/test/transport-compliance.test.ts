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

/** Each fault, and a part of the names of the checks that have to notice it. */
const FAULTS: Readonly<Record<TransportFault, string>> = {
  'fails a dial before dial has returned': 'where nobody listens as failed',
  'opens a dial that was cancelled': 'cancelled, however far',
  'fails a dial that it has opened': 'exactly one way',
  'never gives a dial up': 'within its time',
  'ends connections at the time limit of their dial': 'beyond the time limit of its dial',
  'closes the connection when its dial is cancelled late': 'cancelled too late',
  'tells the same address for both ends': 'the same addresses',
  'dials from where it likes': 'from the address that it is told',
  'ignores options': 'with an option that it does not know',
  'tells port 0': 'tells the real port',
  'listens in silence where the port is taken': 'where somebody does already',
  'accepts without asking': 'whether to admit, before it accepts',
  'accepts whom nobody admits': 'nobody who was not admitted',
  'keeps connections that nobody wants': 'not wanted after all',
  'accepts after close': 'once close has returned',
  'closes its listener only after it has asked': 'while it was asked',
  'opens a listener that was closed at once': 'closed before it was listening',
  'keeps its port after close': 'listens again',
  'closes connections with their listener': 'once close has returned',
  'is born reading': 'is born not reading',
  'reads on through a pause': 'setReading(false) has returned',
  'counts how often it was told to read': 'to read and not to many times',
  'reuses the memory of its chunks': 'never writes to again',
  'keeps the chunks after written': 'needs them no longer once written',
  'gives chunks back before it has their bytes': 'where write has answered true',
  'changes the chunks of a write': 'leaves the chunks as they are',
  'confirms what it has only queued': 'makes whoever writes wait',
  'confirms within write': 'confirms each write once',
  'confirms twice': 'confirms each write once',
  'confirms writes without bytes never': 'a write without bytes',
  'confirms after destroy': 'never confirms a write once it is destroyed',
  'confirms what a reset cut off': 'a reset of the other side has cut off',
  'sends the chunks of a write in reverse': 'chunks of one write in their order',
  'loses the last byte of large writes': 'writes of 1 byte to several MiB',
  'loses what comes after a FIN of its own': 'goes on reading after end',
  'ends before the write under way': 'what was written before end arrive whole',
  'hides the end of the other side': 'both sides end at one moment',
  'ends twice': 'may be ended from within ended',
  'closes twice': 'each once',
  'closes within destroy': 'closes a destroyed end as destroyed',
  'never closes': 'closes a destroyed end as destroyed',
  'tells a reset as an orderly end': 'the other one as failed',
  'delivers after destroy': 'destroyed from within received',
  'delivers what it had buffered after destroy': 'bytes and an end unread',
  'is deaf until opened has returned': 'from within opened and accepted',
  'closes again when it is destroyed once more': 'after closed for nothing',
  'delivers to its latest connection': 'keeps many connections at once apart',
}

describe('transportChecks', () => {
  it('says what is skipped without an address that stays silent', () => {
    const skipped = transportChecks(() => memoryHosts()).filter((check) => check.skipped)
    expect(skipped).toHaveLength(2)
  })

  it.each(Object.entries(FAULTS))('notice a transport that %s', async (fault, noticedBy) => {
    const checks = checksOf(fault as TransportFault).filter(({ name }) => name.includes(noticedBy))
    expect(checks).not.toEqual([])
    expect([...(await failedChecks(checks)).keys()]).toEqual(checks.map(({ name }) => name))
  })
})
