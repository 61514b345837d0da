import type { Plan } from './plan.js'
import type { WorkloadResult } from './results/result.js'

/** What a workload is given. */
export interface WorkloadContext {
  readonly plan: Plan
  /** Shown while it runs. */
  readonly progress: (text: string) => void
}

/** One thing that is measured. */
export interface Workload {
  readonly name: string
  run(context: WorkloadContext): Promise<WorkloadResult>
}
