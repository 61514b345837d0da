// Bugs of the journal that its campaign plants on purpose and must find, one at a time. Edits of built files, as in
// seeded-faults.mjs.

const OPEN = 'packages/journal-segments/dist/open-journal.js'
const WRITER = 'packages/journal-segments/dist/segment-writer.js'
const NEW = 'packages/journal-segments/dist/new-segment.js'
const STATE = 'packages/journal-segments/dist/segment-state.js'
const TABLE = 'packages/journal-segments/dist/queue-table.js'
const RECOVERY = 'packages/journal-segments/dist/recovery.js'
const INTAKE = 'packages/journal-segments/dist/intake.js'
const SPARES = 'packages/journal-segments/dist/spare-segments.js'
const CARRIER = 'packages/journal-segments/dist/carrier.js'
const READER = 'packages/journal-segments/dist/stored-reader.js'
const QUEUE = 'packages/journal-segments/dist/segment-queue.js'

/** Faults that a campaign without changed bits must find. */
export const JOURNAL_FAULTS = {
  'a batch is written and not synced': [
    { file: WRITER, find: 'this.#file?.store(', replace: 'this.#file?.write(' },
  ],
  'the head of a segment is not synced': [
    {
      file: NEW,
      find: 'file.store(0, chunk, this.#step(file, rename));',
      replace: 'file.write(0, chunk, this.#step(file, rename));',
    },
  ],
  'the name of a segment is not synced': [
    {
      file: NEW,
      find: 'this.#folder.sync(this.#step(file, use));',
      replace: 'this.#folder.open("lock", "read", () => this.#step(file, use)(undefined));',
    },
  ],
  'a segment has its name before it is complete': [
    {
      file: NEW,
      find: 'file.store(0, chunk, this.#step(file, rename));',
      replace:
        'this.#folder.rename(spare.name, segmentName(head.number), () => file.store(0, chunk, this.#step(file, syncName)));',
    },
  ],
  'what waits is reported as stored': [
    {
      file: WRITER,
      find: 'this.#handler.stored(ticket);',
      replace: 'this.#handler.stored(intake.ticket);',
    },
  ],
  'a message is reported as stored before its write has ended': [
    {
      file: WRITER,
      find: 'this.#file?.store(',
      replace:
        'const { ticket } = batch; this.#parts.clock.soon(() => life.hasEnded || this.#handler.stored(ticket));\n        this.#file?.store(',
    },
  ],
  'a failed write is taken for a good one': [
    {
      file: WRITER,
      find: 'if (error !== undefined)\n                life.fail(diskFailure(error));\n            else if (!life.hasEnded)',
      replace: 'if (!life.hasEnded)',
    },
  ],
  'a large callback is cut at the size of a batch': [
    {
      file: INTAKE,
      find: '    #begin(isUrgent) {',
      replace:
        '    #begin(isUrgent) {\n        if (this.#last.end > this.#batchBytesMax) { this.#last.ticket = this.ticket; this.#full.push(this.#last); this.#takeLast(); }',
    },
  ],
  'the last batch that was found is trusted': [
    {
      file: RECOVERY,
      find: 'if (this.#lastBatchAt === SECTOR_BYTES) {',
      replace: 'if (this.#lastBatchAt > 0) {',
    },
  ],
  'a segment ends behind the batch that is written again': [
    { file: RECOVERY, find: 'row.end = batch.at;', replace: ';' },
  ],
  'a start removes segments before its own is durable': [
    {
      file: OPEN,
      find: 'this.#begin(recovered);',
      replace:
        'this.#removeAll(recovered.unneeded.map(segmentName), () => undefined);\n            this.#begin({ ...recovered, unneeded: [] });',
    },
  ],
  'a segment is used again before FREE is stored': [
    {
      file: OPEN,
      find: 'this.#parts.intake.addFree(segment.number);',
      replace:
        "this.#parts.intake.addFree(segment.number);\n            segment.state = 'free';\n            this.#recycle(segment);",
    },
  ],
  'a head lists segments that are gone': [
    { file: STATE, find: "if (use === 'free')", replace: 'if (false)' },
    { file: SPARES, find: 'this.#segments.remove(segment);', replace: ';' },
  ],
  'a head tells what is not stored yet': [
    {
      file: WRITER,
      find: '    #roll(batch, bytes) {',
      replace:
        '    #roll(batch, bytes) {\n        for (this.#cursor.start(batch.memory, batch.records); this.#cursor.next();)\n            if (this.#cursor.type === 4 || this.#cursor.type === 3)\n                this.#parts.queues.apply(this.#cursor, { segment: 0, at: 0 });',
    },
  ],
  'a head forgets what has left out of order': [
    { file: STATE, find: 'holes.forEach(', replace: '[].forEach(' },
  ],
  'a head forgets the note': [
    { file: STATE, find: 'if (note === undefined)', replace: 'if (note !== null)' },
  ],
  'a note that was removed comes back': [
    { file: TABLE, find: '        queue.note = undefined;\n    }', replace: '    }' },
  ],
  'a queue that was forgotten comes back': [
    { file: RECOVERY, find: 'this.#queues.keepOnly(listed);', replace: ';' },
  ],
  'a message comes back when its record is carried': [
    { file: TABLE, find: 'if (!queue.keeps(number))', replace: 'if (false)' },
  ],
  'a carried message keeps its old place': [
    {
      file: TABLE,
      find: 'queue.places.set(',
      replace: 'if (!queue.places.find(number)) queue.places.set(',
    },
  ],
  'a carried message has left its old place before it is stored': [
    {
      file: CARRIER,
      find: 'intake.addEncoded(record.whole);',
      replace:
        'intake.addEncoded(record.whole);\n            places.remove(record.number, record.number + 1);',
    },
  ],
  'a segment is used again while it is read': [
    { file: OPEN, find: ' || segment.readers > 0', replace: '' },
  ],
  'a read looks for a message where it is now': [
    {
      file: READER,
      find: 'done(Buffer.isBuffer(batch) ? this.#payloads(batch, records) : batch);',
      replace:
        'done(Buffer.isBuffer(batch) ? this.#payloads(batch, records.filter((record) => queue.places.find(record.number) && queue.places.segment === segment.number && queue.places.offset === record.offset)) : batch);',
    },
  ],
  'messages of two queues leave as one': [
    { file: INTAKE, find: 'this.#leaveQueue === queue && ', replace: '' },
  ],
  'messages that do not follow each other leave as one': [
    { file: INTAKE, find: ' && this.#leaveEnd === first', replace: '' },
  ],
  'a number is used twice': [
    { file: QUEUE, find: 'stored?.next ?? 1', replace: 'stored?.base ?? 1' },
  ],
  'the end of a message’s time is forgotten': [
    { file: QUEUE, find: 'FLAG_EXPIRES)', replace: '0)' },
  ],
  'a close does not store what waits': [
    {
      file: WRITER,
      find: 'if (this.#isUnproven || !this.#parts.intake.isEmpty)',
      replace: 'if (this.#isUnproven)',
    },
  ],
  'a full journal takes more messages': [
    { file: SPARES, find: 'this.isFull = isFull;', replace: ';' },
  ],
}

/** Faults that only changed bits show. */
export const ROT_FAULTS = {
  'damage is taken for a write that was interrupted': [
    { file: RECOVERY, find: 'else if (later !== undefined) {', replace: 'else if (false) {' },
  ],
  'checksums are not compared': [
    {
      file: 'packages/journal-segments/dist/batch-layout.js',
      find: 'return batch.readUInt32LE(CRC_AT) === crc32(batch.subarray(RECORDS_AT), salt);',
      replace: 'return true;',
    },
  ],
  'damage before the known end of a segment is passed over': [
    {
      file: RECOVERY,
      find: 'else if (end !== Infinity && scan.at !== end) {',
      replace: 'else if (false) {',
    },
  ],
}
