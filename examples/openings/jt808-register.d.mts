import type { PluginDefinition } from '@commloop/core'

declare const definition: PluginDefinition<'opening'>
export default definition
