import type { Listening } from '../accept/listening.js'
import type { PeerNames } from '../accept/peer-names.js'
import { addressText } from '../address/address-text.js'
import type { Audit } from '../audit/audit.js'
import type { ListenConfig } from '../config/node-config.js'
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
      const { listen } = this.#state.setup.config
      if (listen === undefined) {
        this.#run()
        return
      }
      this.#listening.move(listen, (error) => {
        if (error === undefined) {
          // The listener may still wait for its address. Dials do not need it.
          if (this.#state.phase === 'starting') this.#run()
          return
        }
        this.#state.phase = 'stopped'
        reject(listenError(listen, error))
      })
    })
  }

  /** The listener is open, the first time or again. */
  listening(at: Address): void {
    this.#state.listening = at
    this.#logger.info({ listen: at }, `listening at ${addressText(at)}`)
    if (this.#state.phase === 'starting') this.#run()
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

export function listenError({ host, port }: ListenConfig, cause: Error): CommloopError {
  const text = `cannot listen at ${addressText({ ip: host, port })}: ${messageText(cause)}`
  const syscall = systemCode(cause)
  const details = syscall === undefined ? {} : { details: { syscall } }
  return new CommloopError('CML_ERR_LISTEN', text, { cause, ...details })
}
