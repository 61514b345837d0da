import { parentPort } from 'node:worker_threads'
import { CommloopError, messageText } from '@commloop/core'
import { type CheckedFile, checkSource } from '../load/checked-file.js'
import type { ReadingAnswer, ReadingQuestion } from './reading-messages.js'

// What the reading thread runs: see `ReadingThread`.

let checked: CheckedFile | undefined

async function answerTo(question: ReadingQuestion): Promise<ReadingAnswer> {
  try {
    if (question.ask === 'check') {
      checked = checkSource(question.source, question.env)
      const { file, name, folder, warnings, data, isValid } = checked
      return { answer: 'checked', facts: { file, name, folder, warnings, data, isValid } }
    }
    const diagnostics = (await checked?.diagnostics(question.further)) ?? []
    return { answer: 'diagnosed', diagnostics }
  } catch (error) {
    const code = CommloopError.is(error) ? error.code : undefined
    return { answer: 'failed', code, message: messageText(error) }
  }
}

parentPort?.on('message', (question: ReadingQuestion) => {
  void answerTo(question).then((answer) => {
    parentPort?.postMessage(answer)
  })
})
