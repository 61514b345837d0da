export { isControlId } from './json/control-id.js'
export {
  AnswerLines,
  auditLine,
  errorLine,
  type LineError,
  linkLine,
  MessageLines,
  outcomeLine,
  readyLine,
  rejectedLine,
} from './json/event-json.js'
export { type MessageFields, type MessageParts, NO_FIELDS } from './json/message-fields.js'
export { type AskRequest, readInputLine } from './json/request-json.js'
export { readSendLine, type SendRequest } from './json/send-json.js'
