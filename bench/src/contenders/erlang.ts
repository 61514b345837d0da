import { fileURLToPath } from 'node:url'
import { ForeignProgram } from '../process/foreign-program.js'
import { nowMs } from '../process/now-ms.js'
import type { Contender, ForeignArrival, Receiving } from '../traffic/contender.js'
import { PayloadCycle } from '../traffic/payload-cycle.js'
import type { Traffic } from '../traffic/sink.js'
import { raw } from './raw.js'

// The compiler does not copy scripts, so the script stays in the source folder.
const SCRIPT = fileURLToPath(
  new URL('../../src/contenders/erlang-receiver.escript', import.meta.url),
)

export const erlang: Contender = {
  name: 'raw socket to Erlang',
  about:
    'the same raw sender; the receiver is Erlang, `gen_tcp` with `{packet, 2}` and `{active, 100}`',
  async receive() {
    const program = new ForeignProgram('escript', [SCRIPT])
    const line = await program.line(/^port/)
    return new ErlangReceiving(program, Number(line.split(' ')[1]))
  },
  send: (port) => raw.send(port),
}

class ErlangReceiving implements Receiving {
  readonly port: number
  readonly #program: ForeignProgram

  constructor(program: ForeignProgram, port: number) {
    this.#program = program
    this.port = port
  }

  /** The script compares positions and checksum in every run, but never every byte. */
  async expect(traffic: Traffic): Promise<ForeignArrival> {
    const { payloadBytes, messages } = traffic
    const cycle = new PayloadCycle(payloadBytes)
    this.#program.writeLine(`${String(payloadBytes)} ${String(messages)} ${String(cycle.length)}`)
    await this.#program.line(/^ready/)
    const arrival = this.#program.line(/^done/).then((line) => {
      const lastMs = nowMs()
      const [, misplaced, checksum] = line.split(' ').map(Number)
      const right = misplaced === 0 && ((checksum ?? 0) | 0) === cycle.checksum(messages)
      return { lastMs, problem: right ? '' : line }
    })
    return { arrival }
  }
}
