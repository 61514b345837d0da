import { BatchBuffer } from './batch-buffer.js'
import type { QueueTable, StoredQueue } from './queue-table.js'
import { FLAG_PRESENT, RECORD, type RecordHead } from './record-layout.js'
import type { SegmentTable } from './segment-table.js'

const EMPTY: RecordHead = {
  type: RECORD.queue,
  flags: 0,
  queue: 0,
  number: 0,
  value: 0,
  enteredUtcMs: 0,
  idBytes: 0,
  payloadBytes: 0,
}

/**
 * The first batch of a segment: the state of the journal after the batch before it. Older segments are then needed only
 * for the messages that live in them.
 */
export function segmentState(queues: QueueTable, segments: SegmentTable): BatchBuffer {
  const state = new BatchBuffer()
  for (const { number, end, state: use } of segments.all()) {
    if (use === 'free') continue
    state.add({ ...EMPTY, type: RECORD.segment, number, value: end }, undefined, undefined)
  }
  for (const queue of queues.all()) addQueue(state, queue)
  return state
}

function addQueue(state: BatchBuffer, { id, name, base, next, holes, note }: StoredQueue): void {
  const text = Buffer.from(name)
  const head = { ...EMPTY, queue: id, number: base, value: next, payloadBytes: text.length }
  state.add(head, undefined, text)
  holes.forEach((first, end) => {
    const left = { ...EMPTY, type: RECORD.leave, queue: id, number: first, value: end - first }
    state.add(left, undefined, undefined)
  })
  if (note === undefined) return
  const noted = { ...EMPTY, type: RECORD.note, flags: FLAG_PRESENT, queue: id }
  state.add({ ...noted, payloadBytes: note.length }, undefined, note)
}
