import type { Conversation } from './conversation.js'
import { Heartbeats } from './heartbeats.js'
import { Opening, type OpeningChannel, type OpeningLink, type OpeningServices } from './opening.js'

/** The conversation that the settings of a link ask for: the present one, a new one or none. */
export function conversationOf(
  link: OpeningLink,
  channel: OpeningChannel,
  services: OpeningServices,
  present: Conversation | undefined,
): Conversation | undefined {
  const { opening, heartbeat } = link.settings
  // Another opening takes effect with the next connection.
  if (present instanceof Opening) return present
  if (opening !== undefined && present === undefined) {
    return new Opening(opening.value, link, channel, services)
  }
  if (heartbeat !== undefined) return present ?? new Heartbeats(channel, link, services.clock)
  present?.finished()
  return undefined
}
