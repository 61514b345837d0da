import { defineRouter } from '@commloop/router-plugin-api'

const WORD = /^[a-z]+/

/** The first word of a message names its kind. Alarms go to all receivers, and a ping goes back to its sender. */
export default defineRouter({
  name: 'by-kind',
  create({ kinds = {}, default: fallback, ...unknown }) {
    const [option] = Object.keys(unknown)
    if (option !== undefined) throw new Error(`unknown option "${option}"`)
    if (typeof fallback !== 'string') throw new Error('default: expected a link')
    const linkOf = new Map(Object.entries(kinds))
    const places = [...new Set([...linkOf.values(), fallback])]
    return {
      route({ payload, from }) {
        const [kind = ''] = WORD.exec(Buffer.from(payload.subarray(0, 32)).toString()) ?? []
        if (kind === 'ping') return from ?? { drop: 'a ping without a sender' }
        if (kind === 'alarm') return places
        return linkOf.get(kind) ?? fallback
      },
    }
  },
})
