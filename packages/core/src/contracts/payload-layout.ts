/** The value of a field in a header: a text or a whole number. Bytes that are neither are hexadecimal digits. */
export type FieldValue = string | number

/** Values of fields by their names. */
export type FieldValues = Readonly<Record<string, FieldValue>>

/**
 * The header with which the payloads of a codec begin, as named fields. Payload and header are one array of bytes: the
 * node never looks into it, and neither does core. The command and the control API use a layout to write the header of a
 * message that a person or a program describes by its fields, and to show the fields of a message.
 */
export interface PayloadLayout {
  /** The fields in the order of their bytes, without gaps. */
  readonly fields: readonly PayloadField[]

  /**
   * The fields by their names, and what follows the header as `body`.
   * @throws CommloopError CML_ERR_PAYLOAD_INVALID naming each field that cannot be read, its bytes, and what was expected
   */
  read(payload: Uint8Array): FieldValues & { readonly body: Uint8Array }

  /**
   * A payload: the header, and a copy of the body. Called once for each message, so that a copy that is sent again after a
   * loss is the same message.
   * @param fields may be incomplete: the layout knows standard values, and `stamp` supplies the time and a number. Its values
   *   may come from a file or from another program, so they may have any type.
   * @throws CommloopError CML_ERR_PAYLOAD_INVALID naming each field that cannot be written, its bytes, and what was
   *   expected. No number is then used.
   */
  write(
    fields: Readonly<Record<string, unknown>>,
    body: Uint8Array,
    stamp: MessageStamp,
  ): Uint8Array

  /**
   * What supplies the time and the numbers of the messages of one entry.
   * @param clock milliseconds since 1970, as `Date.now`
   * @param before the stamp that the entry used until its configuration changed: numbering continues
   */
  createStamp(clock: () => number, before?: MessageStamp): MessageStamp
}

/** One field of a header. */
export interface PayloadField {
  /** Unique in its layout, and not `body`. */
  readonly name: string
  /** Its size in bytes. */
  readonly bytes: number
  /** How its value is written, such as `text`. The codec writes a field of the type `length`, and no sender does. */
  readonly type: string
}

/** Supplies what is different in each message. */
export interface MessageStamp {
  /** The next number of the sequence. */
  next(): number
  /** The present time, as `YYYYMMDDHHMMSS`. */
  time(): string
}
