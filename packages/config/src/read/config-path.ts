/** From a whole configuration to one place in it: keys, and positions in lists. */
export type ConfigPath = readonly (string | number)[]
