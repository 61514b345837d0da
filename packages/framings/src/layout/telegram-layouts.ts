import type { LayoutField } from './layout-field.js'

const LENGTH = {
  name: 'length',
  bytes: 4,
  type: 'length',
  text: 'bytes of the whole telegram; the codec writes it',
  textZh: '整个电文的字节数，由编解码器填写',
} as const satisfies LayoutField

const DATE = {
  name: 'date',
  bytes: 8,
  type: 'date',
  text: 'when the telegram was made, YYYYMMDD',
  textZh: '电文生成日期，YYYYMMDD',
} as const satisfies LayoutField

const TIME = {
  name: 'time',
  bytes: 6,
  type: 'time',
  text: 'when the telegram was made, HHMMSS, 24 hours',
  textZh: '电文生成时间，HHMMSS，24 小时制',
} as const satisfies LayoutField

const SENDER = {
  name: 'sender',
  bytes: 2,
  type: 'text',
  opposite: 'receiver',
  text: 'code of the host that sends',
  textZh: '发送方主机代码',
} as const satisfies LayoutField

const RECEIVER = {
  name: 'receiver',
  bytes: 2,
  type: 'text',
  opposite: 'sender',
  text: 'code of the host that receives',
  textZh: '接收方主机代码',
} as const satisfies LayoutField

const ID_TEXT = { text: 'kind of telegram', textZh: '电文号' } as const

/**
 *      byte  0      4      8            16        22   24   26        32        40
 *           ┌──────┬──────┬────────────┬─────────┬────┬────┬─────────┬─────────┬── … ──┐
 *           │ 0045 │ TEST │  20250929  │ 101112  │ L3 │ L2 │ 114514  │ (blank) │ hello │
 *           └──────┴──────┴────────────┴─────────┴────┴────┴─────────┴─────────┴── … ──┘
 *            length  id     date         time     from  to  sequence   spare     body
 */
export const TELEGRAM_40: readonly LayoutField[] = [
  LENGTH,
  { name: 'id', bytes: 4, type: 'text', blanks: false, ...ID_TEXT },
  DATE,
  TIME,
  SENDER,
  RECEIVER,
  {
    name: 'sequence',
    bytes: 6,
    type: 'sequence',
    text: '000001 to 999999, then 000001 again; with date and time it names one telegram',
    textZh: '000001 至 999999，之后回到 000001；与日期、时间一起唯一标识一条电文',
  },
  { name: 'spare', bytes: 8, type: 'text', standard: '', text: 'reserved', textZh: '备用' },
]

export interface Telegram40Fields {
  readonly [field: string]: string | number
  readonly length: number
  readonly id: string
  readonly date: string
  readonly time: string
  readonly sender: string
  readonly receiver: string
  readonly sequence: number
  readonly spare: string
}

/** Followed by a body, and a line feed that belongs to the frame and not to the payload. */
export const TELEGRAM_29: readonly LayoutField[] = [
  LENGTH,
  { name: 'id', bytes: 6, type: 'text', blanks: false, ...ID_TEXT },
  DATE,
  TIME,
  SENDER,
  RECEIVER,
  {
    name: 'function',
    bytes: 1,
    type: 'text',
    standard: 'D',
    choices: ['D', 'A', 'B', 'C'],
    text: 'D: data, A: accepted, B: error, C: heartbeat',
    textZh: 'D：数据，A：确认，B：错误，C：心跳',
  },
]

export interface Telegram29Fields {
  readonly [field: string]: string | number
  readonly length: number
  readonly id: string
  readonly date: string
  readonly time: string
  readonly sender: string
  readonly receiver: string
  readonly function: 'D' | 'A' | 'B' | 'C'
}
