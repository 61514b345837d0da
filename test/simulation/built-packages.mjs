// The built packages that a campaign runs on, as they are or with a bug planted in them.
import { register } from 'node:module'

/** Below the largest length, so that noise is mostly no frame. */
const CODEC_OPTIONS = { maxPayload: 40_000 }

let registered = false

/** `canary`: the name of a planted bug; undefined: none. */
export async function builtPackages(canary) {
  if (canary !== undefined && !registered) {
    register('./canary-loader.mjs', import.meta.url)
    registered = true
  }
  const query = canary === undefined ? '' : `?canary=${encodeURIComponent(canary)}`
  const load = (name) =>
    import(new URL(`../../packages/${name}/dist/index.js${query}`, import.meta.url))
  const { Len16Codec } = await load('codec-len16')
  return { codec: new Len16Codec(CODEC_OPTIONS), ...(await load('testing')) }
}
