export { type Asker, Askers, type AskersOptions } from './askers.js'
export {
  defineRouter,
  type PlainRouter,
  ROUTER_API_VERSION,
  type RouterFactory,
  type RouterMark,
} from './define-router.js'
export type {
  Address,
  LinkRef,
  LinkState,
  LinkView,
  PluginCheck,
  PluginDefinition,
  PluginOptions,
  PluginPath,
  PluginProblem,
  PluginUse,
  Route,
  RoutedMessage,
  RouteTarget,
  SendRouter,
} from '@commloop/core'
