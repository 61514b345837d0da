import {
  CommloopError,
  type LinkOpening,
  messageText,
  PLUGIN_API_VERSION,
  type PluginChoice,
  type PluginCounterpart,
  type PluginDefinition,
  type PluginMismatch,
  type PluginSide,
} from '@commloop/core'
import { ExchangeOpening } from './exchange-opening.js'
import { type ExchangeOptions, exchangeSettings, type Step } from './exchange-options.js'
import { rehearsed } from './rehearsal.js'
import { hexText } from './written-bytes.js'

/**
 * An exchange for the key `opening` of a node or of an entry, in code.
 * @throws CommloopError CML_ERR_CONFIG_INVALID for unknown or invalid options.
 */
export function exchange(options: ExchangeOptions): PluginChoice<LinkOpening> {
  return {
    spec: JSON.stringify({ use: 'exchange', ...options }),
    value: new ExchangeOpening(options),
  }
}

/** The opening `exchange` of a configuration. */
export const exchangeDefinition: PluginDefinition<'opening'> = {
  kind: 'opening',
  name: 'exchange',
  apiVersion: PLUGIN_API_VERSION,
  create: (options) => new ExchangeOpening(options),
  compare,
  counterpart,
}

function compare(dialer: PluginSide, acceptor: PluginSide): PluginMismatch[] {
  for (const { node, options } of [dialer, acceptor]) {
    try {
      exchangeSettings(options)
    } catch (error) {
      if (!CommloopError.is(error)) throw error
      return [{ finding: 'options-invalid', message: `${node}: ${messageText(error)}` }]
    }
  }
  const problem = rehearsed(dialer, acceptor)
  return problem === undefined ? [] : [{ finding: 'opening-differs', message: problem }]
}

/** The same steps from the other side: the peer sends what this side expects. */
function counterpart({ options }: PluginSide): PluginCounterpart {
  const { steps, answers } = exchangeSettings(options)
  const notes = [
    ...steps.flatMap(chosenNotes),
    ...(answers.length === 0 ? [] : ['our side also answers some payloads at any time']),
  ]
  return { options: { use: 'exchange', steps: steps.map(mirrored) }, notes }
}

function mirrored(step: Step): object {
  const name = step.name === undefined ? {} : { name: step.name }
  if (step.kind === 'send') return { expect: shown(step.payload), ...name }
  const [first] = step.patterns
  return { send: first === undefined ? '' : shown(first), ...name }
}

/** A secret is not shown, so the peer must fill it in. */
function shown({ bytes, isSecret }: { bytes: Uint8Array; isSecret: boolean }): object {
  return isSecret ? { secret: '' } : { hex: hexText(bytes) }
}

function chosenNotes(step: Step, at: number): string[] {
  const number = `step ${String(at + 1)}`
  if (step.kind === 'send') {
    return step.payload.isSecret ? [`${number}: fill in the secret that our side sends`] : []
  }
  const isFixed =
    step.patterns.length === 1 && step.patterns.every(({ mask, isPrefix }) => !mask && !isPrefix)
  const secret = step.patterns.some(({ isSecret }) => isSecret)
  return [
    ...(secret ? [`${number}: fill in the secret that our side expects`] : []),
    ...(isFixed
      ? []
      : [`${number}: our side expects a pattern; these bytes fit, and others may too`]),
  ]
}
