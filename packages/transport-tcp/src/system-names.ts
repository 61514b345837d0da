import type { NameResolver } from './name-resolver.js'
import { SharedLookups } from './shared-lookups.js'
import { SystemLookup } from './system-lookup.js'

/** The resolver of the system, shared by everything in this process that looks up names, as its threads are. */
export const systemNames: NameResolver = new SharedLookups(new SystemLookup().look)
