import { defineRouter } from '@commloop/router-plugin-api'
import { layoutOf } from '@commloop/framings'

const id = layoutOf('telegram-40').field('id')

/** The first two characters of the id of a telegram name the link to which it goes. */
export default defineRouter({
  name: 'by-id',
  create({ ids = {}, ...unknown }) {
    const [option] = Object.keys(unknown)
    if (option !== undefined) throw new Error(`unknown option "${option}"`)
    const linkOf = new Map(Object.entries(ids))
    return {
      route({ payload }) {
        try {
          const kind = id(payload)
          return linkOf.get(kind.slice(0, 2)) ?? { drop: `no link for telegrams ${kind}` }
        } catch (error) {
          return { drop: error.message }
        }
      },
    }
  },
})
