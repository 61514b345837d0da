import { Worker } from 'node:worker_threads'
import { CommloopError, messageText } from '@commloop/core'
import type { ConfigSource } from '../find/find-config.js'
import { type CheckedFile, checkSource, type Environment } from '../load/checked-file.js'
import type { Diagnostic } from '../read/diagnostic.js'
import type { FileProblem } from '../read/file-problem.js'
import type { ReadingAnswer, ReadingQuestion } from './reading-messages.js'

/** The most memory of the thread, in MiB. A configuration of the largest size with a mistake in each line needs a fifth of it. */
const MEMORY_MIB_MAX = 1024

/** A shorter text, about 200 links, is checked in 15 ms. A thread for it would take longer to start, and 25 MB. */
const HERE_LENGTH_MAX = 16 * 1024

/**
 * Parses and checks a large configuration on a thread of its own: this takes half a second or more in one piece, in which
 * the node would neither read nor write. The thread exists only while a reload reads.
 */
export class ReadingThread {
  #worker: Worker | undefined
  /** Why the thread gives no more answers. */
  #problem: CommloopError | undefined
  #failed: (error: CommloopError) => void = () => undefined
  #answered: (answer: ReadingAnswer) => void = () => undefined

  /** @throws CommloopError CML_ERR_CONFIG_INVALID if the thread cannot be started, or fails */
  async check(source: ConfigSource, env: Environment): Promise<CheckedFile> {
    if (source.text.length <= HERE_LENGTH_MAX) return checkSource(source, env)
    this.#start()
    const answer = await this.#ask({ ask: 'check', source, env: { ...env } })
    if (answer.answer !== 'checked') throw unusable('it gave another answer')
    const { facts } = answer
    const diagnostics = (further: readonly FileProblem[]): Promise<readonly Diagnostic[]> =>
      this.#diagnostics(further)
    return { ...facts, diagnostics }
  }

  async #diagnostics(further: readonly FileProblem[]): Promise<readonly Diagnostic[]> {
    // Only what the thread needs: a problem that a plugin reports may contain anything.
    const plain = further.map(({ path, message, code, isKey }) => {
      return {
        path,
        message,
        ...(code === undefined ? {} : { code }),
        ...(isKey === undefined ? {} : { isKey }),
      }
    })
    const answer = await this.#ask({ ask: 'diagnose', further: plain })
    if (answer.answer !== 'diagnosed') throw unusable('it gave another answer')
    return answer.diagnostics
  }

  #start(): void {
    try {
      const worker = new Worker(new URL('./read-on-thread.js', import.meta.url), {
        execArgv: [],
        resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB_MAX },
      })
      this.#worker = worker
      worker.on('message', (answer: ReadingAnswer) => {
        this.#answered(answer)
      })
      worker.on('error', (error) => {
        this.#problem ??= unusable(messageText(error))
        this.#failed(this.#problem)
      })
      worker.on('exit', () => {
        this.#problem ??= unusable('it has ended')
        this.#failed(this.#problem)
      })
    } catch (error) {
      throw unusable(messageText(error))
    }
  }

  async #ask(question: ReadingQuestion): Promise<ReadingAnswer> {
    if (this.#problem !== undefined) throw this.#problem
    const answer = await new Promise<ReadingAnswer>((resolve, reject) => {
      this.#answered = resolve
      this.#failed = reject
      this.#worker?.postMessage(question)
    })
    if (answer.answer !== 'failed') return answer
    throw answer.code === undefined
      ? unusable(answer.message)
      : new CommloopError(answer.code, answer.message)
  }

  /** Ends the thread, even if it is still reading. */
  end(): void {
    void this.#worker?.terminate()
    this.#worker = undefined
  }
}

function unusable(why: string): CommloopError {
  const text = `the thread that reads the configuration does not work: ${why}`
  return new CommloopError('CML_ERR_CONFIG_INVALID', text)
}
