import type { Address } from '@commloop/core'
import {
  AcceptedConnections,
  type ConnectionSource,
  DialledConnections,
} from './connection-source.js'
import type { FaultEvent, FaultReport } from './fault-report.js'
import type { FaultStep } from './fault-step.js'
import { ScriptPlayer } from './script-player.js'
import { DEFAULT_SHAPE, type WireShape } from './wire-shape.js'

/** Options of a fault peer. */
export interface FaultPeerOptions {
  /** How the peer frames payloads; default `DEFAULT_SHAPE`: a length of two bytes, big endian. */
  readonly shape?: WireShape
  /** The time limit of a script, in milliseconds; a script that takes longer is not held. Default 60,000. */
  readonly durationMsMax?: number
  /** Called with every step of the peer and every reaction of the node, when it happens. */
  readonly onEvent?: (event: FaultEvent) => void
}

const DURATION_MS_DEFAULT = 60_000

/**
 * A peer on real sockets that misbehaves by a script. It dials a node, from an address of your choice, or listens and
 * is dialled by a node. It plays the steps of the script and reports what it observed.
 *
 * Everything is bounded: the time of each step and of the whole script, the number of connections, and the received
 * data that is kept.
 */
export class FaultPeer {
  readonly #source: ConnectionSource
  readonly #options: FaultPeerOptions
  #player: ScriptPlayer | undefined

  private constructor(source: ConnectionSource, options: FaultPeerOptions) {
    this.#source = source
    this.#options = options
  }

  /**
   * A peer that dials a node.
   *
   * @param node where the node listens. `from` is the local address of the peer; default: the system chooses it.
   */
  static dialling(
    node: Address & { readonly from?: string | undefined },
    options: FaultPeerOptions = {},
  ): FaultPeer {
    return new FaultPeer(new DialledConnections(node, node.from), options)
  }

  /**
   * A peer that a node dials.
   *
   * @param at where the peer listens. With port 0 the system chooses a free port; see `port`.
   * @throws Error if it cannot listen there
   */
  static async listening(at: Address, options: FaultPeerOptions = {}): Promise<FaultPeer> {
    return new FaultPeer(await AcceptedConnections.listen(at), options)
  }

  /** The port on which the peer listens; 0 if it dials. */
  get port(): number {
    return this.#source.port
  }

  /**
   * Plays one script, until its last step or the first expectation that is not met, and then resets its connections.
   * Play one script at a time.
   *
   * @returns what the peer observed, and whether all expectations were met
   * @throws Error if the script is wrong, for example if it uses a connection that it has not opened
   */
  play(steps: readonly FaultStep[]): Promise<FaultReport> {
    const { shape, durationMsMax, onEvent } = this.#options
    this.#player = new ScriptPlayer({
      source: this.#source,
      shape: shape ?? DEFAULT_SHAPE,
      durationMsMax: durationMsMax ?? DURATION_MS_DEFAULT,
      onEvent: onEvent ?? (() => undefined),
    })
    return this.#player.play(steps)
  }

  /** Resets all connections and stops listening. A script that is playing ends, and is not held. */
  async close(): Promise<void> {
    this.#player?.stop()
    await this.#source.close()
  }
}
