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
export { type AskRequest, readInputLine } from './json/request-json.js'
export { readSendLine, type SendRequest } from './json/send-json.js'
