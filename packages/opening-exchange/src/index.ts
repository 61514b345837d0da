export { exchange, exchangeDefinition as default } from './exchange-definition.js'
export { ExchangeOpening } from './exchange-opening.js'
export type {
  ExchangeOptions,
  WrittenAnswer,
  WrittenPattern,
  WrittenRefusal,
  WrittenStep,
} from './exchange-options.js'
export type { WrittenBytes } from './written-bytes.js'
