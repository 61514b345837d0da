/** If a timer fires this late, in milliseconds, the process was stopped or blocked, so the peer may not be silent. */
export const LATE_MS = 20
/** Extra time after such a delay, in which the process reads what has waited in the kernel, in milliseconds. */
export const GRACE_MS = 50
