import { describeValue } from '@commloop/core'
import { z } from 'zod'
import {
  choice,
  COUNT_MAX,
  count,
  duration,
  expecting,
  expectingSecret,
  field,
  flag,
  requiredField,
  text,
  textOrList,
  wholeNumber,
} from './fields.js'
import { linkFields, queueLimits } from './link-fields.js'
import { nodePluginFields } from './plugin-fields.js'
import { identityField, tlsField } from './tls-fields.js'

const PORT_MAX = 65_535
const SLOTS_MAX = 1_000_000
/** Each listener needs a descriptor, and the process reserves only a few. */
const LISTENERS_MAX = 16

/** The legacy format has 1 and 0; JSON files may contain true and false instead. */
const legacyRole = z.union(
  [z.literal(0), z.literal(1), z.boolean()],
  expecting('1 (they dial) or 0 (we dial)'),
)

const legacyRoleNote = {
  type: '0 or 1',
  default: 'see `role`',
  limits: '1: passive, 0: active',
  text: 'Legacy form of `role`. With 1, a `port` of 0 counts as absent.',
}

export const entrySchema = z.strictObject(
  {
    id: text('an id', {
      default: '`<role>-<ip>[:port]`, with `-2`, `-3` … for repeats',
      limits: 'unique; not all digits; without `/`, `*`, blanks and invisible characters',
      text: 'Name of the entry, and of its link if it has one slot. The links of several slots are `<id>/1`, `<id>/2` …',
      examples: ['furnace-in'],
    }),
    role: choice(['active', 'passive'], {
      default: 'none; required without `as_server`',
      text: 'Which side dials: this node (`active`) or the peer (`passive`).',
    }),
    ip: textOrList('an IP address', {
      default: 'none; an entry needs `ip` or `host`',
      limits: 'passive: an address, a range, or `0.0.0.0` for anyone; at most 64 in a list',
      text: 'The address of the peer, or a list of all its addresses. If several passive entries match, only the most specific ones decide.',
      examples: ['192.168.0.2', '192.168.4.0/24', '0.0.0.0', ['192.168.0.2', '192.168.1.2']],
    }),
    host: textOrList('a host name', {
      default: 'none; an entry needs `ip` or `host`',
      limits: 'not together with `ip`; at most 64 in a list',
      text: 'The name of the peer instead of its address, or a list of names. An active entry looks it up at every dial. A passive entry admits the addresses that the name has, and looks it up at every `resolveEvery`.',
      examples: ['mes.plant.example'],
    }),
    port: field(wholeNumber({ min: 0, max: PORT_MAX }, `1–${String(PORT_MAX)}`), {
      type: 'number',
      default: 'none; required in an active entry',
      limits: `1 to ${String(PORT_MAX)}; active entries only`,
      text: 'The port on which the peer listens.',
      examples: [8001],
    }),
    slots: count(
      { min: 1, max: SLOTS_MAX },
      {
        default: '1',
        text: 'Passive entries only: most concurrent connections. Only an entry with one slot and an address that no other passive entry has keeps its queue when a connection ends, because messages for one machine must not reach another.',
      },
    ),
    duplicate: choice(['challenge', 'reject', 'replace'], {
      default: '`challenge`',
      text: 'Passive entries only: what happens to a new connection while every slot is taken. `challenge` gives the existing connection a moment to show life, so that a device that restarted is not locked out.',
    }),
    listen: field(
      z.union(
        [z.string().min(1), z.number().int().min(0).max(PORT_MAX)],
        expecting('the name or the port of a listener'),
      ),
      {
        type: 'text or number',
        default: 'every listener',
        limits: 'passive entries only; the `name` or the `port` of a listener',
        text: 'The only listener through which the peer may connect. It tells apart machines that have one address, such as those behind NAT: let each connect to its own port.',
        examples: [8001],
      },
    ),
    enabled: flag({
      default: '`true`',
      text: '`false`: the links of the entry stay down until it is enabled.',
    }),
    identity: identityField,
    tls: tlsField('dial'),
    transportOptions: field(z.looseObject({}, expecting('a map')), {
      type: 'map',
      default: 'none',
      limits: 'active entries only; checked by the transport',
      text: 'Options of the transport for this dial.',
    }),
    ...linkFields,
    as_server: field(legacyRole, legacyRoleNote),
    is_server: field(legacyRole, { ...legacyRoleNote, text: 'The same as `as_server`.' }),
    socket: field(z.unknown(), {
      type: 'anything',
      default: 'nothing',
      limits: '',
      text: 'Ignored. Legacy tables contain a socket number here.',
    }),
  },
  expecting('a map with the keys of an entry'),
)

const listenSchema = z.looseObject(
  {
    name: text('a name', {
      default: 'the port',
      limits: 'unique',
      text: 'The name of the listener for the `listen` of entries, for events and for metrics.',
      examples: ['presses'],
    }),
    host: text('an IP address', {
      default: '`0.0.0.0`',
      limits: 'an IP address of this machine',
      text: 'The address to listen on. The default listens on all addresses.',
    }),
    port: requiredField(wholeNumber({ min: 0, max: PORT_MAX }), {
      type: 'number',
      default: 'none; required',
      limits: `0 to ${String(PORT_MAX)}`,
      text: 'The port to listen on; 0: the system chooses a port, and the log shows it.',
      examples: [8000],
    }),
    tls: tlsField('listen'),
    proxyProtocol: field(
      z.strictObject(
        {
          from: requiredField(z.array(z.string(expecting('an address'))).min(1), {
            type: 'list',
            default: 'none; required',
            limits: 'addresses and ranges',
            text: 'The balancers whose connections must begin with a header of the PROXY protocol. From other addresses, no header is read.',
          }),
        },
        expecting('{ from: [addresses] }'),
      ),
      {
        type: 'map',
        default: 'no header is read',
        limits: '',
        text: 'The node listens behind balancers that tell the address of the peer by the PROXY protocol, version 1 or 2. The table then applies to that address.',
        examples: [{ from: ['10.0.0.250'] }],
      },
    ),
  },
  {
    error: ({ input }) =>
      `expected { host, port }, or a list of them, found ${describeValue(input)}${listenRemedy(input)}`,
  },
)

/** `listen: 8000` and `listen: 0.0.0.0:8000` say what is meant. */
function listenRemedy(input: unknown): string {
  const [, host = '', port] = /^(?:(.*):)?(\d{1,5})$/.exec(String(input)) ?? []
  if (port === undefined || !['string', 'number'].includes(typeof input)) return ''
  return `; write listen: { ${host === '' ? '' : `host: '${host.replace(/[[\]]/g, '')}', `}port: ${port} }`
}

const auditSchema = z.strictObject(
  {
    every: duration({
      default: '`60s`',
      text: 'How often to look for missing peers; 0: never.',
    }),
    grace: duration({
      default: '`30s`',
      text: 'How long a peer may be absent before it is reported as a finding.',
    }),
  },
  expecting('{ every, grace }'),
)

/** A shorter token can be guessed. */
const TOKEN_LENGTH_MIN = 16
const tokenText = expectingSecret(`at least ${String(TOKEN_LENGTH_MIN)} characters`)

const metricsSchema = z.strictObject(
  {
    port: requiredField(wholeNumber({ min: 0, max: PORT_MAX }), {
      type: 'number',
      default: 'none; required',
      limits: `0 to ${String(PORT_MAX)}`,
      text: 'The port; 0: the system chooses a port, and the log shows it.',
      examples: [9464],
    }),
    host: text('an IP address', {
      default: '`127.0.0.1`',
      limits: 'an IP address of this machine; addresses other than loopback require a `token`',
      text: 'The address to listen on. Metrics contain the names of peers and are not encrypted, so by default only this machine can fetch them.',
    }),
    token: field(z.string(tokenText).min(TOKEN_LENGTH_MIN, tokenText), {
      type: 'text',
      default: 'none; every user of this machine may fetch the metrics',
      limits: `at least ${String(TOKEN_LENGTH_MIN)} characters`,
      secret: true,
      text: 'The token that a request must present: `Authorization: Bearer <token>`.',
    }),
  },
  expecting('{ port, host, token }'),
)

/** `.commlooprc`: the keys of `NodeOptions`, with plugins by name. */
export const fileSchema = z.strictObject(
  {
    $schema: text('a path', {
      default: 'nothing',
      text: 'The path of the JSON schema of this file, for editors.',
      examples: ['./node_modules/commloop/schema.json'],
    }),
    node: text('a name', {
      default: 'the host name',
      text: 'The name of the node in logs and events.',
      examples: ['plant-l2'],
    }),
    listen: field(
      z.union(
        [listenSchema, z.array(listenSchema).min(1).max(LISTENERS_MAX)],
        expecting('{ host, port }, or a list of them'),
      ),
      {
        type: 'map, or a list',
        default: 'no connections are accepted',
        limits: `required if an entry is passive; at most ${String(LISTENERS_MAX)}; other keys are options of the transport`,
        text: 'Where to accept connections. With a list, each listener has its own port, and the failure of one does not affect the others.',
        examples: [{ host: '0.0.0.0', port: 8000 }, [{ port: 8001 }, { port: 8002 }]],
      },
    ),
    ...nodePluginFields,
    control: field(z.union([z.literal(false), z.string().min(1)], expecting('false or a path')), {
      type: '`false`, or text',
      default: 'a path derived from the name of the node and the path of the configuration',
      limits: 'at most 107 bytes as an absolute path',
      text: 'The socket through which other commands reach the running node; `false`: none.',
      examples: [false, './run/commloop.sock'],
    }),
    metrics: field(metricsSchema, {
      type: 'map',
      default: 'metrics are only available at the control socket',
      limits: 'addresses other than loopback require a `token`',
      text: 'Where Prometheus can fetch metrics by TCP.',
      examples: [{ port: 9464 }],
    }),
    probes: field(
      z.array(
        z.string(expecting('an IP address or a CIDR range')),
        expecting('a list of addresses'),
      ),
      {
        type: 'list',
        default: 'none',
        limits: 'addresses and ranges; an entry that names an address as exactly goes first',
        text: 'The addresses of health probes, such as those of a balancer. The node accepts their connections and closes them, without an event or a log line, and counts them.',
      },
    ),
    relay: flag({
      default: '`false`',
      text: '`true`: each received message is also passed to the router, with `from`.',
    }),
    audit: field(auditSchema, {
      type: 'map',
      default: '`{ every: 60s, grace: 30s }`',
      limits: '',
      text: 'The scheduled check for missing peers.',
    }),
    routing: queueLimits(
      { messages: '10 000', bytes: '`16MiB`' },
      {
        default: '10 000 messages, `16MiB`',
        text: 'Limits of the queue of messages whose router answers later or defers them. It counts 720 bytes extra per message, for its promise and its timer.',
      },
    ),
    routerTimeout: duration({
      default: '`1s`',
      text: 'How long a router may take to settle its promise. After that the message is undeliverable.',
    }),
    deferMax: duration({
      default: '`60s`',
      text: 'How long a message without `ttl` may be deferred in total.',
    }),
    iterator: queueLimits(
      { messages: '1 024', bytes: '`1MiB`' },
      {
        default: '1 024 messages, `1MiB`',
        text: 'Limits of the queue of each `messages()` iterator, which counts received chunks, and 256 bytes extra per message. While it is full, the links stop reading.',
      },
    ),
    dials: count(
      { min: 1, max: COUNT_MAX },
      {
        default: '64',
        text: 'Most concurrent dials, so that a large table does not dial all its peers in one moment.',
      },
    ),
    resolveEvery: duration({
      default: '`1m`',
      text: 'How often to look up the names of passive entries. An address that is not in the table also causes a look-up, at most every 5 s, because it may be the new address of a peer; 0: only then.',
    }),
    stopDeadline: duration({
      default: '`5s`',
      text: 'How long a stopping node flushes its queues before it closes the connections.',
    }),
    ...linkFields,
    links: requiredField(z.array(entrySchema, expecting('a list of entries')), {
      type: 'list',
      default: 'none; required',
      limits: '',
      text: 'The table: one entry for each peer or group of peers.',
    }),
  },
  {
    error: ({ input }) =>
      Array.isArray(input)
        ? 'expected keys and values, found a list; the table belongs under the key "links"'
        : `expected keys and values, found ${describeValue(input)}`,
  },
)

/** The values of a file that matches the schema. */
export type ConfigFile = z.infer<typeof fileSchema>
export type EntryFile = z.infer<typeof entrySchema>
