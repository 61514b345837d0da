import { ADMISSION_SCRIPTS } from './admission-scripts.js'
import type { FaultScript } from './fault-script.js'
import { FLOW_SCRIPTS } from './flow-scripts.js'
import { FRAMING_SCRIPTS } from './framing-scripts.js'

/** All named faults. */
export const FAULT_SCRIPTS: readonly FaultScript[] = [
  ...FRAMING_SCRIPTS,
  ...FLOW_SCRIPTS,
  ...ADMISSION_SCRIPTS,
]

/** The script with this name; undefined if there is none. */
export function faultScript(name: string): FaultScript | undefined {
  return FAULT_SCRIPTS.find((script) => script.name === name)
}
