import { z } from 'zod'
import { choice, expecting, field, type FieldText, flag, text } from './fields.js'

const NAME_WORDS = 'a name, or a list of names'

/** A peer must have proved one of these names. */
export const identityField = field(
  z.union(
    [
      z.string(expecting(NAME_WORDS)).min(1, expecting(NAME_WORDS)),
      z
        .array(z.string(expecting('a name')).min(1, expecting('a name')))
        .min(1, expecting(NAME_WORDS)),
    ],
    expecting(NAME_WORDS),
  ),
  {
    type: 'text, or a list',
    default: 'none; the address is enough',
    limits: 'passive entries only; requires `listen.tls`',
    text: 'The peer must prove one of these names by TLS, and connect from `ip`. With one name and one slot, the link is for one peer, from whatever address it connects.',
    examples: ['furnace.plant.example'],
  },
)

function pem(note: FieldText) {
  return text('PEM text, or the path of a file with it', {
    limits: 'PEM text, or a path relative to the folder of the configuration',
    ...note,
  })
}

const commonFields = {
  cert: pem({
    default: 'none; required in `listen`. A dial without it presents no certificate',
    text: 'The certificate of this node, followed by the intermediate certificates up to an authority that the peer trusts.',
    examples: ['./tls/node.pem'],
  }),
  key: pem({
    default: 'none; required if `cert` is set',
    secret: true,
    text: 'The private key of `cert`, without a passphrase.',
    examples: ['./tls/node.key'],
  }),
  ca: pem({
    default:
      'none; required in `listen`, unless `verifyPeer` is false. A dial without it trusts the public authorities',
    text: 'The trusted authorities, or the self-signed certificates of the peers. No others are trusted.',
    examples: ['./tls/plant-ca.pem'],
  }),
  verifyPeer: flag({
    default: '`true`',
    text: '`true`: a dial requires a valid certificate for the dialled name or address, and `listen` requires a valid certificate from each peer that connects. With `false`, any machine can pretend to be the peer, and no peer has an `identity`; `check` and `run` report a warning.',
  }),
  minVersion: choice(['TLSv1.2', 'TLSv1.3'], {
    default: '`TLSv1.2`',
    text: 'The oldest TLS version that is accepted. Versions before 1.2 are insecure.',
  }),
}

const servername = text('a host name', {
  default: '`host` or `ip` of the entry',
  limits: 'active entries only',
  text: 'The name or address that the certificate of the peer must contain.',
  examples: ['mes.plant.example'],
})

/** TLS for the listener, or for the dials of an entry. */
export function tlsField(call: 'dial' | 'listen') {
  const words = expecting('a map such as { cert, key, ca }')
  const schema =
    call === 'dial'
      ? z.strictObject({ ...commonFields, servername }, words)
      : z.strictObject(commonFields, words)
  return field(schema, {
    type: 'map',
    default: 'no encryption',
    limits: call === 'dial' ? 'active entries only' : '',
    text:
      call === 'dial'
        ? 'Dial by TLS. An empty map is enough if a public authority has signed the certificate of the peer.'
        : 'Accept only TLS connections, and by default only from peers that present a certificate (mutual TLS).',
    examples: [{ cert: './tls/node.pem', key: './tls/node.key', ca: './tls/plant-ca.pem' }],
  })
}
