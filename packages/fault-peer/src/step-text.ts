import type { FaultStep } from './fault-step.js'

/** A step as one line of text, for people. */
export function stepText(step: FaultStep): string {
  const text = textOf(step)
  return 'on' in step ? `${text} on connection ${String(step.on)}` : text
}

function textOf(step: FaultStep): string {
  switch (step.do) {
    case 'open many':
      return `open ${String(step.count)} connections`
    case 'send frames':
      return `send ${counted(step.payloads.length, 'frame')}${step.inOneSegment === true ? ' in one segment' : ''}`
    case 'send bytes':
      return `send ${counted(step.bytes.length, 'byte')}${paceText(step.paceMs)}`
    case 'send part of a frame':
      return (
        `send ${counted(step.bytes, 'byte')} of a frame with ` +
        `${counted(step.payload.length, 'byte')} of payload${paceText(step.paceMs)}`
      )
    case 'read slowly':
      return `read ${counted(step.bytes, 'byte')} every ${String(step.everyMs)} ms`
    case 'wait':
      return `wait ${String(step.ms)} ms`
    case 'repeat':
      return `${String(step.times)} times: ${step.steps.map(stepText).join(', ')}`
    case 'open':
    case 'stop reading':
    case 'read on':
    case 'send FIN':
    case 'reset':
      return step.do
    default:
      return expectationText(step)
  }
}

function expectationText(step: Extract<FaultStep, { readonly do: `expect ${string}` }>): string {
  switch (step.do) {
    case 'expect frames':
      return `expect ${counted(step.count, 'frame')} within ${String(step.withinMs)} ms`
    case 'expect at most':
      return `expect at most ${counted(step.frames, 'frame')} from the node`
    case 'expect end':
      return `expect ${step.how ?? 'an end'} within ${String(step.withinMs)} ms`
    case 'expect open':
      return `expect the connection to stay for ${String(step.forMs)} ms`
    case 'expect open at most':
      return `expect at most ${counted(step.connections, 'connection')} to be kept`
    case 'expect dials apart':
      return `expect ${String(step.ms)} ms between two dials`
  }
}

function paceText(paceMs: number | undefined): string {
  if (paceMs === undefined) return ''
  return paceMs === 0 ? ', one at a time' : `, one every ${String(paceMs)} ms`
}

export function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`
}
