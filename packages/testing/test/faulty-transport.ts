import type {
  Clock,
  Connection,
  Dial,
  DialHandler,
  DialTarget,
  Listener,
  ListenHandler,
  ListenOptions,
  Transport,
} from '@commloop/core'
import { FaultyConnection } from './faulty-connection.js'
import type { TransportFault } from './transport-fault.js'

/** A sound transport with one fault between it and its user. */
export class FaultyTransport implements Transport {
  readonly #sound: Transport
  readonly #clock: Clock
  readonly #fault: TransportFault
  readonly #connections: FaultyConnection[] = []

  constructor(sound: Transport, fault: TransportFault, clock: Clock) {
    this.#sound = sound
    this.#clock = clock
    this.#fault = fault
  }

  dial(target: DialTarget, handler: DialHandler): Dial {
    const fault = this.#fault
    if (fault === 'fails a dial before dial has returned') handler.failed(new Error('no'))
    let open: FaultyConnection | undefined
    let silenced = false
    const timeoutMs = fault === 'never times out a dial' ? 1_000_000 : target.timeoutMs
    const bind = fault === 'ignores the address in `bind`' ? undefined : target.bind
    const dial = this.#sound.dial(
      { ...target, timeoutMs, bind, options: this.#known(target.options) },
      {
        opened: (connection) => {
          if (silenced) return this.#faulty(connection)
          open = this.#faulty(connection)
          if (fault === 'ends connections at the time limit of their dial') {
            this.#clock.after(target.timeoutMs, () => open?.destroy())
          }
          const own = handler.opened(open)
          if (fault === 'fails a dial that it has opened') handler.failed(new Error('no'))
          return open.attach(own)
        },
        failed: (error) => {
          handler.failed(error)
        },
      },
    )
    return {
      cancel: () => {
        if (fault === 'opens a dial that was cancelled') return
        if (fault === 'closes the connection when its dial is cancelled late') open?.destroy()
        silenced = true
        dial.cancel()
      },
    }
  }

  #faulty(connection: Connection): FaultyConnection {
    return new FaultyConnection(connection, this.#fault, this.#connections)
  }

  #known(options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    return this.#fault === 'ignores options' ? {} : options
  }

  listen(options: ListenOptions, handler: ListenHandler): Listener {
    const fault = this.#fault
    const accepted: FaultyConnection[] = []
    let isListening = false
    let isAsking = false
    let isShut = false
    const listener = this.#sound.listen(
      { ...options, options: this.#known(options.options) },
      {
        listening: (at) => {
          isListening = true
          handler.listening(fault === 'reports port 0' ? { ...at, port: 0 } : at)
        },
        admit: (remote) => {
          if (fault === 'accepts without asking') return true
          if (isShut) return false
          isAsking = true
          return handler.admit(remote) || fault === 'accepts connections that are not admitted'
        },
        accepted: (connection) => {
          const faulty = this.#faulty(connection)
          accepted.push(faulty)
          const own = handler.accepted(faulty)
          isAsking = false
          if (own === undefined) {
            return fault === 'keeps connections that are not wanted' ? faulty : undefined
          }
          return faulty.attach(own)
        },
        failed: (error) => {
          if (fault === 'reports listening on a port that is in use') handler.listening(options)
          else handler.failed(error)
        },
      },
    )
    return {
      close: () => {
        if (fault === 'accepts after close') return
        if (fault === 'ignores close within admit' && isAsking) return
        if (fault === 'opens a listener that was closed immediately' && !isListening) return
        if (fault === 'keeps its port after close') {
          isShut = true
          return
        }
        listener.close()
        if (fault !== 'closes connections with their listener') return
        for (const connection of accepted) connection.destroy()
      },
    }
  }
}
