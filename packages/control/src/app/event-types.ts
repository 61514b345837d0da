/** The event types that a client can select. `message` means both directions; it is not in the default selection. */
export const EVENT_TYPES = ['link', 'outcome', 'rejected', 'audit', 'warning', 'message'] as const

/** One of `EVENT_TYPES`. */
export type EventType = (typeof EVENT_TYPES)[number]
