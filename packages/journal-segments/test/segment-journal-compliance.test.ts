import { journalCompliance } from '@commloop/testing/compliance'
import { SegmentJournal } from '@commloop/journal-segments'

const SMALL = { segmentBytes: 8 * 1024, batchBytesMax: 2 * 1024, unstoredBytesMax: 16 * 1024 }
const logger = { info: () => undefined }

journalCompliance('SegmentJournal', (surroundings) => {
  return new SegmentJournal({ ...surroundings, logger, writer: 'test' }, SMALL)
})
