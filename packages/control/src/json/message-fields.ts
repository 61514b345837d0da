import { isUtf8 } from 'node:buffer'
import { CommloopError, type FieldValues, type SendOptions } from '@commloop/core'

/** Reads and writes the fields in the header of payloads, by the layouts of the codecs of a node. */
export interface MessageFields {
  /**
   * The payload of a message for the links of one entry: a header with these fields, and the body.
   *
   * @throws CommloopError CML_ERR_INPUT_INVALID if `to` does not name the links of one entry, or its codec does not have
   *   fields; CML_ERR_LINK_UNKNOWN; CML_ERR_PAYLOAD_INVALID naming each field that cannot be written
   */
  write(
    to: SendOptions['to'],
    fields: Readonly<Record<string, unknown>>,
    body: Uint8Array,
  ): Uint8Array
  /**
   * The fields and the body of a message of this link, without the length; undefined: the codec of the link does not have
   * fields. A text: why they cannot be read.
   */
  read(link: string, payload: Uint8Array): MessageParts | string | undefined
}

/** A payload in its parts. */
export interface MessageParts {
  readonly fields: FieldValues
  readonly body: Uint8Array
}

/** For a node whose application has not said how the headers of its messages look. */
export const NO_FIELDS: MessageFields = {
  write: () => {
    const text =
      'fields: this node does not know the layouts of its codecs: send the whole payload instead'
    throw new CommloopError('CML_ERR_INPUT_INVALID', text)
  },
  read: () => undefined,
}

/** The keys of a line that show a message by its fields; undefined: show its payload. */
export function partsJson(
  fields: MessageFields,
  link: string,
  payload: Uint8Array,
): Readonly<Record<string, unknown>> | undefined {
  const parts = fields.read(link, payload)
  if (parts === undefined) return undefined
  if (typeof parts === 'string') return { base64: base64Of(payload), fieldsProblem: parts }
  const { body } = parts
  const bodyJson = isUtf8(body)
    ? { body: bufferOf(body).toString('utf8') }
    : { bodyBase64: base64Of(body) }
  return { fields: parts.fields, ...bodyJson }
}

function base64Of(bytes: Uint8Array): string {
  return bufferOf(bytes).toString('base64')
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
