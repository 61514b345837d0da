// The built packages that a campaign runs on, with or without a seeded fault.
import { register } from 'node:module'

/** Below the largest length, so that random bytes rarely form a valid frame. */
const CODEC_OPTIONS = { maxPayload: 40_000 }

let registered = false

/** `seededFault` is the name of the fault to plant; undefined plants none. */
export async function builtPackages(seededFault) {
  if (seededFault !== undefined && !registered) {
    register('./seeded-fault-loader.mjs', import.meta.url)
    registered = true
  }
  const query = seededFault === undefined ? '' : `?seeded-fault=${encodeURIComponent(seededFault)}`
  const load = (name) =>
    import(new URL(`../../packages/${name}/dist/index.js${query}`, import.meta.url))
  const { Len16Codec } = await load('codec-len16')
  return { codec: new Len16Codec(CODEC_OPTIONS), ...(await load('testing')) }
}
