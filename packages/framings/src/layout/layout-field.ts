import type { FieldValue, PayloadField } from '@commloop/core'

/**
 * How the value of a field is written:
 *
 * - `text`: printable ASCII, filled up with blanks on the right
 * - `decimal`: decimal digits, filled up with zeros on the left
 * - `uint`: a binary number, highest byte first
 * - `bytes`: any bytes; the value is hexadecimal digits
 * - `date`, `time`, `datetime`: `YYYYMMDD`, `HHMMSS`, and one behind the other; the stamp supplies them
 * - `sequence`: as `decimal`; the stamp supplies the next number
 * - `length`: as `decimal`; the codec writes it
 */
export const FIELD_TYPES = [
  'text',
  'decimal',
  'uint',
  'bytes',
  'date',
  'time',
  'datetime',
  'sequence',
  'length',
] as const

export type FieldType = (typeof FIELD_TYPES)[number]

/** One field of a header. */
export interface LayoutField extends PayloadField {
  readonly type: FieldType
  /** The value of a message that does not give one. Absent: a message must give it, unless a stamp or the codec does. */
  readonly standard?: FieldValue
  /** false: a text to be sent fills the field, and does not contain blanks. */
  readonly blanks?: false
  /** The only texts that the field may have. */
  readonly choices?: readonly string[]
  /** The field whose value the peer sends here: the sender of one side is the receiver of the other. */
  readonly opposite?: string
  /** What the field means, in English and in Chinese. */
  readonly text: string
  readonly textZh: string
}
