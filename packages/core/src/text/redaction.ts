/** Written instead of a value that may be a secret. */
export const REDACTED = '[redacted]'

/** Names of properties that often contain a secret, in lower case and without separators. */
const SECRET_NAME =
  /auth(?:orization)?$|passw(?:or)?d|passphrase|pwd$|secret|token|cookie|credential|key$/
/** Names of properties that often contain what a peer or a user sent. */
const PAYLOAD_NAME = /^(?:payload|body|data|base64|hex|frame|chunk|buffer|input|content|raw)$/
/** Names are not searched beyond this length. */
const NAME_LENGTH_MAX = 200
/** A user name and password in a URL, credentials of HTTP, and `password=…`. */
const SECRET_TEXTS: readonly (readonly [RegExp, string])[] = [
  [/(?<=[a-z]:\/\/)[^\s/@]{1,256}@/gi, `${REDACTED}@`],
  [/\b(?<scheme>bearer|basic) [\w.~+/-]{8,}=*/gi, `$<scheme> ${REDACTED}`],
  [
    /\b(?<name>passw(?:or)?d|passphrase|secret|token|api[_-]?key)=[^\s&,;]+/gi,
    `$<name>=${REDACTED}`,
  ],
]

/** Whether a property with this name may hold a secret, such as `Authorization`, `api_key` or `passphrase`. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(plainName(name))
}

/** Whether a property with this name may hold the payload of a message. */
export function isPayloadName(name: string): boolean {
  return PAYLOAD_NAME.test(plainName(name))
}

function plainName(name: string): string {
  return name
    .slice(0, NAME_LENGTH_MAX)
    .toLowerCase()
    .replace(/[^a-z\d]/g, '')
}

/** A text without the secrets that have a usual form. The text is short: each pattern is searched through all of it. */
export function withoutSecrets(text: string): string {
  return SECRET_TEXTS.reduce((left, [secret, instead]) => left.replace(secret, instead), text)
}
