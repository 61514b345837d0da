import { z } from 'zod'
import { choice, expecting, field, type FieldText, flag, text } from './fields.js'

const NAME_WORDS = 'a name, or a list of names'

/** Names of which a peer must have proved one. */
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
    standard: 'the address is enough',
    limits: 'passive entries only; needs `listen.tls`',
    text: 'Names of which the peer must have proved one by TLS, beside coming from `ip`. With one name and one slot the link stands for one peer, wherever it comes from.',
    examples: ['furnace.plant.example'],
  },
)

function pem(note: FieldText) {
  return text('PEM text, or the path of a file with it', {
    limits: 'PEM text, or a path as seen from the configuration’s folder',
    ...note,
  })
}

const commonFields = {
  cert: pem({
    standard: 'an error for `listen`; a dial shows no certificate',
    text: 'Our certificate, followed by those between it and an authority that the peer knows.',
    examples: ['./tls/node.pem'],
  }),
  key: pem({
    standard: 'an error where there is a `cert`',
    text: 'The private key of `cert`, without a passphrase.',
    examples: ['./tls/node.key'],
  }),
  ca: pem({
    standard: 'an error for `listen`, unless `verifyPeer` is false; a dial trusts the public ones',
    text: 'The authorities whose signature counts, or self-signed certificates of the peers themselves. Nobody else’s does.',
    examples: ['./tls/plant-ca.pem'],
  }),
  verifyPeer: flag({
    standard: '`true`',
    text: '`true`: a dial wants a valid certificate for the place that it dials, and `listen` demands one of whoever connects. With `false` anybody can pretend to be the peer, and nobody has an `identity`; a warning says so.',
  }),
  minVersion: choice(['TLSv1.2', 'TLSv1.3'], {
    standard: '`TLSv1.2`',
    text: 'The oldest version that is spoken. What is older than 1.2 is broken.',
  }),
}

const servername = text('a host name', {
  standard: '`host` or `ip` of the entry',
  limits: 'active entries only',
  text: 'The name, or address, that the peer’s certificate must have.',
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
    standard: 'nothing is encrypted',
    limits: call === 'dial' ? 'active entries only' : '',
    text:
      call === 'dial'
        ? 'Dial by TLS. An empty map is enough where the peer’s certificate is signed by a public authority.'
        : 'Accept by TLS only, and by default only from peers that show a certificate: mutual TLS.',
    examples: [{ cert: './tls/node.pem', key: './tls/node.key', ca: './tls/plant-ca.pem' }],
  })
}
