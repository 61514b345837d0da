import { type ConfigProblem, type FrameCodec, type NodeConfig, sizeText } from '@commloop/core'

/** Links whose queue is smaller than the largest message that their codec can send. */
export function payloadWarning(
  { entries }: Pick<NodeConfig, 'entries'>,
  nodeCodec: Pick<FrameCodec, 'payloadBytesMax'>,
): ConfigProblem[] {
  const small = entries.find(({ enabled, settings }) => {
    const { payloadBytesMax } = settings.codec?.value ?? nodeCodec
    return enabled && payloadBytesMax > settings.outbox.bytesMax
  })
  if (small === undefined) return []
  const { id, settings } = small
  const { payloadBytesMax } = settings.codec?.value ?? nodeCodec
  const message =
    `${sizeText(settings.outbox.bytesMax)} at "${id}", and its codec allows messages of up to ${sizeText(payloadBytesMax)}. A ` +
    'message that does not fit into an empty queue is always refused (CML_ERR_OUTBOX_FULL): raise "outbox", or lower ' +
    '"maxPayload" in "codec"'
  return [{ path: ['outbox'], message }]
}
