import {
  createNode,
  FrameCodec,
  Logger,
  type Node,
  ReconnectStrategy,
  SendRouter,
  Transport,
  use,
} from '@commloop/core'
import type { LoadedConfig } from './load-config.js'

/** Creates the node of a configuration. It is not started. */
export function configuredNode(config: LoadedConfig, logger: Logger): Node {
  const { transport, codec, reconnect, router } = config.plugins
  return createNode(
    config.node,
    use(Transport, transport.value),
    use(FrameCodec, codec.value),
    use(ReconnectStrategy, reconnect.value),
    use(SendRouter, router.value),
    use(Logger, logger),
  )
}
