import type { ListenFailure } from '../accept/listener-move.js'
import type { Listening } from '../accept/listening.js'
import type { PeerNames } from '../accept/peer-names.js'
import { addressText } from '../address/address-text.js'
import type { Audit } from '../audit/audit.js'
import type { NamedListener } from '../config/peer-match.js'
import { CommloopError } from '../contracts/errors.js'
import type { Logger } from '../contracts/logger.js'
import type { Address } from '../contracts/transport.js'
import { messageText, systemCode } from '../text/safe-text.js'
import type { NodeLinks } from './node-links.js'
import type { NodeState } from './node-state.js'

/** Starts a node: it listens first, and then starts the links. */
export class Starting {
  readonly #state: NodeState
  readonly #links: NodeLinks
  readonly #names: PeerNames
  readonly #audit: Audit
  readonly #listening: Listening
  readonly #logger: Logger
  #started: { resolve: () => void; reject: (error: Error) => void } | undefined

  constructor(
    state: NodeState,
    links: NodeLinks,
    names: PeerNames,
    audit: Audit,
    listening: Listening,
    logger: Logger,
  ) {
    this.#state = state
    this.#links = links
    this.#names = names
    this.#audit = audit
    this.#listening = listening
    this.#logger = logger
  }

  start(): Promise<void> {
    if (this.#state.phase !== 'new') {
      const text = 'a node is started once; make a new one'
      return Promise.reject(new CommloopError('CML_ERR_NOT_RUNNING', text))
    }
    this.#state.phase = 'starting'
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject }
      const { listeners } = this.#state.setup.config
      if (listeners.length === 0) {
        this.#run()
        return
      }
      this.#listening.open(listeners, (failure) => {
        if (failure === undefined) {
          if (this.#state.phase === 'starting') this.#run()
          return
        }
        this.#state.phase = 'stopped'
        reject(listenError(failure))
      })
    })
  }

  /** A listener is open, the first time or again. */
  listening({ name }: NamedListener, at: Address): void {
    const named = this.#state.setup.config.listeners.length > 1 ? { listener: name } : {}
    this.#logger.info({ listen: at, ...named }, `listening at ${addressText(at)}`)
  }

  #run(): void {
    this.#state.phase = 'running'
    this.#names.start()
    this.#audit.start()
    for (const link of this.#links.table.links) link.start()
    this.#started?.resolve()
  }

  /** The node has stopped. Has no effect on a start that has succeeded. */
  stopped(): void {
    this.#started?.reject(new CommloopError('CML_ERR_NOT_RUNNING', 'stopped while starting'))
  }
}

export function listenError({ place: { host, port }, error: cause }: ListenFailure): CommloopError {
  const text = `cannot listen at ${addressText({ ip: host, port })}: ${messageText(cause)}`
  const syscall = systemCode(cause)
  const details = syscall === undefined ? {} : { details: { syscall } }
  return new CommloopError('CML_ERR_LISTEN', text, { cause, ...details })
}
