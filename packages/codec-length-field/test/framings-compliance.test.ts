import { type Framing, FRAMINGS, framingDefinition } from '@commloop/framings'
import { frameCodecCompliance } from '@commloop/testing/compliance'
import { lengthFieldDefinition, type LengthFieldOptions } from '../src/index.js'
import { keptPayloads } from './kept-payloads.js'

/** Enough for every size of the suite that finds faults of one preset; the codec's own tests use larger ones. */
const MAX_PAYLOAD = 300

function comply(framing: Framing): void {
  const definition = framingDefinition(framing, lengthFieldDefinition)
  const most = definition.create({}).payloadBytesMax
  const maxPayload = Math.min(MAX_PAYLOAD, most)
  frameCodecCompliance(framing.name, definition.create({ maxPayload }), {
    withLimit: (limit) => definition.create({ maxPayload: limit }),
    payload: keptPayloads(framing.options as unknown as LengthFieldOptions),
  })
}

for (const framing of FRAMINGS.filter(({ codec }) => codec === 'length-field')) comply(framing)
