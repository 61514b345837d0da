import { z } from 'zod'
import {
  choice,
  COUNT_MAX,
  count,
  duration,
  expecting,
  field,
  flag,
  foundText,
  requiredField,
  text,
  wholeNumber,
} from './fields.js'
import { linkFields, pluginSpec, queueLimits } from './link-fields.js'
import { identityField, tlsField } from './tls-fields.js'

const PORT_MAX = 65_535
const SLOTS_MAX = 1_000_000

/** The seed of this project wrote 1 and 0; JSON writers may say true and false. */
const seedRole = z.union(
  [z.literal(0), z.literal(1), z.boolean()],
  expecting('1 (they dial) or 0 (we dial)'),
)

const seedRoleNote = {
  type: '0 or 1',
  standard: '`role` says it',
  limits: '1: passive, 0: active',
  text: 'The older way to write `role`. With 1, a `port` of 0 is no port.',
}

export const entrySchema = z.strictObject(
  {
    id: text('an id', {
      standard: '`<role>-<ip>[:port]`, with `-2`, `-3` … for repeats',
      limits: 'unique; not all digits; without `/`, `*` and blanks',
      text: 'Name of the entry, and of its link where it has one slot. With several, links are `<id>/1`, `<id>/2` …',
      examples: ['furnace-in'],
    }),
    role: choice(['active', 'passive'], {
      standard: 'an error, unless `as_server` says it',
      text: 'Who dials: `active` is us, `passive` is them.',
    }),
    ip: text('an IP address', {
      standard: '`host` names the peer',
      limits: 'passive: an address, a range, or `0.0.0.0` for anyone',
      text: 'The peer’s address. The most specific passive entry that matches decides alone.',
      examples: ['192.168.0.2', '192.168.4.0/24', '0.0.0.0'],
    }),
    host: text('a host name', {
      standard: '`ip` names the peer',
      limits: 'active entries only',
      text: 'The peer’s name in place of its address, looked up at every dial.',
      examples: ['mes.plant.example'],
    }),
    port: field(wholeNumber({ min: 0, max: PORT_MAX }, `1–${String(PORT_MAX)}`), {
      type: 'number',
      standard: 'an error in an active entry',
      limits: `1 to ${String(PORT_MAX)}; active entries only`,
      text: 'Where the peer listens.',
      examples: [8001],
    }),
    slots: count(
      { min: 1, max: SLOTS_MAX },
      {
        standard: '1',
        text: 'Passive entries only: how many connections at once. Only an entry with one slot and one address keeps its queue when the connection ends: what was meant for one machine must not reach another.',
      },
    ),
    duplicate: choice(['challenge', 'reject', 'replace'], {
      standard: '`challenge`',
      text: 'Passive entries only: a connection comes and every slot is taken. `challenge` gives the present one a moment to show life, so that a device that restarted is not locked out.',
    }),
    enabled: flag({
      standard: '`true`',
      text: '`false`: kept down until it is enabled.',
    }),
    identity: identityField,
    tls: tlsField('dial'),
    transportOptions: field(z.looseObject({}, expecting('a map')), {
      type: 'map',
      standard: 'none',
      limits: 'active entries only; checked by the transport',
      text: 'The transport’s own options for this dial.',
    }),
    ...linkFields,
    as_server: field(seedRole, seedRoleNote),
    is_server: field(seedRole, { ...seedRoleNote, text: 'The same as `as_server`.' }),
    socket: field(z.unknown(), {
      type: 'anything',
      standard: 'nothing',
      limits: '',
      text: 'Ignored. Older tables carry a socket number here.',
    }),
  },
  expecting('a map of an entry’s keys'),
)

const listenSchema = z.looseObject(
  {
    host: text('an IP address', {
      standard: '`0.0.0.0`',
      limits: 'an IP address of this machine',
      text: 'The address to listen on; the default is all of them.',
    }),
    port: requiredField(wholeNumber({ min: 0, max: PORT_MAX }), {
      type: 'number',
      standard: 'an error',
      limits: `0 to ${String(PORT_MAX)}`,
      text: 'The port to listen on; 0: the system chooses, and the log says which.',
      examples: [8000],
    }),
    tls: tlsField('listen'),
  },
  expecting('{ host, port }'),
)

const auditSchema = z.strictObject(
  {
    every: duration({
      standard: '`60s`',
      text: 'How often to look for what should be there and is not; 0: never.',
    }),
    grace: duration({
      standard: '`30s`',
      text: 'How long a peer may be absent before it is a finding.',
    }),
  },
  expecting('{ every, grace }'),
)

/** Shorter ones can be guessed. */
const TOKEN_LENGTH_MIN = 16
const tokenText = expecting(`at least ${String(TOKEN_LENGTH_MIN)} characters`)

const metricsSchema = z.strictObject(
  {
    port: requiredField(wholeNumber({ min: 0, max: PORT_MAX }), {
      type: 'number',
      standard: 'an error',
      limits: `0 to ${String(PORT_MAX)}`,
      text: 'The port; 0: the system chooses, and the log says which.',
      examples: [9464],
    }),
    host: text('an IP address', {
      standard: '`127.0.0.1`',
      limits: 'an IP address of this machine; beyond loopback only with a `token`',
      text: 'The address to listen on. Metrics name peers and travel unencrypted, so they stay on this machine unless asked otherwise.',
    }),
    token: field(z.string(tokenText).min(TOKEN_LENGTH_MIN, tokenText), {
      type: 'text',
      standard: 'whoever is on this machine may fetch them',
      limits: `at least ${String(TOKEN_LENGTH_MIN)} characters`,
      text: 'What who fetches them has to show: `Authorization: Bearer <token>`.',
    }),
  },
  expecting('{ port, host, token }'),
)

/** `.commlooprc`: the keys of core's `NodeOptions`, with plugins by name. */
export const fileSchema = z.strictObject(
  {
    $schema: text('a path', {
      standard: 'nothing',
      text: 'Where editors find the schema of this file.',
      examples: ['./node_modules/commloop/schema.json'],
    }),
    node: text('a name', {
      standard: 'the host name',
      text: 'The node’s name in logs and events.',
      examples: ['plant-l2'],
    }),
    listen: field(listenSchema, {
      type: 'map',
      standard: 'nothing is accepted',
      limits: 'needed where an entry is passive; other keys are the transport’s',
      text: 'Where to accept connections.',
      examples: [{ host: '0.0.0.0', port: 8000 }],
    }),
    transport: pluginSpec({
      standard: '`tcp`',
      text: 'Moves bytes between nodes.',
      examples: ['tcp', { use: 'tcp', keepAlive: '30s' }],
    }),
    router: pluginSpec({
      standard: '`direct`',
      text: 'Says which links a message goes to when `send` named none.',
      examples: ['./router.mjs', { use: './router.mjs', fallback: 'mes' }],
    }),
    control: field(z.union([z.literal(false), z.string().min(1)], expecting('false or a path')), {
      type: '`false`, or text',
      standard: 'a path made of the node’s name and the configuration’s place',
      limits: 'at most 107 bytes as an absolute path',
      text: 'The socket by which other commands reach the running node; `false`: none.',
      examples: [false, './run/commloop.sock'],
    }),
    metrics: field(metricsSchema, {
      type: 'map',
      standard: 'only at the control socket',
      limits: 'beyond loopback only with a `token`',
      text: 'Where Prometheus may fetch metrics by TCP.',
      examples: [{ port: 9464 }],
    }),
    relay: flag({
      standard: '`false`',
      text: '`true`: each received message also goes to the router, with `from`.',
    }),
    audit: field(auditSchema, {
      type: 'map',
      standard: '`{ every: 60s, grace: 30s }`',
      limits: '',
      text: 'The scheduled look for peers that are missing.',
    }),
    routing: queueLimits(
      { messages: '10 000', bytes: '`16MiB`' },
      {
        standard: '10 000 messages, `16MiB`',
        text: 'Bounds of the stage where messages wait whose router answers later or defers.',
      },
    ),
    routerTimeout: duration({
      standard: '`1s`',
      text: 'How long a router may take to settle its promise; then the message is undeliverable.',
    }),
    deferMax: duration({
      standard: '`60s`',
      text: 'How long a message without `ttl` may be deferred in all.',
    }),
    iterator: queueLimits(
      { messages: '1 024', bytes: '`1MiB`' },
      {
        standard: '1 024 messages, `1MiB`',
        text: 'Bounds of what waits in each `messages()` iterator; above them the links stop reading.',
      },
    ),
    dials: count(
      { min: 1, max: COUNT_MAX },
      {
        standard: '64',
        text: 'Dials under way at once. A large table must not dial everybody in one moment.',
      },
    ),
    stopDeadline: duration({
      standard: '`5s`',
      text: 'How long stopping flushes what is queued before it cuts.',
    }),
    ...linkFields,
    links: requiredField(z.array(entrySchema, expecting('a list of entries')), {
      type: 'list',
      standard: 'an error',
      limits: '',
      text: 'The table: one entry for each peer or group of peers.',
    }),
  },
  {
    error: ({ input }) =>
      Array.isArray(input)
        ? 'expected keys and values, found a list; the table stands under the key "links"'
        : `expected keys and values, found ${foundText(input)}`,
  },
)

/** A file as written, once it has passed the schema. */
export type ConfigFile = z.infer<typeof fileSchema>
export type EntryFile = z.infer<typeof entrySchema>
