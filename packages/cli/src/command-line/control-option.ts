/** Of every command that asks a running node: flags, and what they are for. */
export const CONTROL_OPTION = [
  '--control <path>',
  'the socket of the node; default: that of the configuration',
] as const

export type ControlOption = typeof CONTROL_OPTION
