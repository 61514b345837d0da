import type { PluginDefinition, SendRouter } from '@commloop/core'

/** Version of the router contract. It grows if existing routers would no longer work. Not the package's version. */
export const ROUTER_API_VERSION = 1

/** A router without options: its answer depends only on the message and the links. */
export interface PlainRouter extends SendRouter {
  /** Shown in logs and by `commloop check`. */
  readonly name: string
}

/**
 * A router with options: `{ use: ./router.mjs, ...options }` in a configuration is passed to `create`. `check` and
 * `descriptors` are the optional members of `PluginDefinition`.
 */
export interface RouterFactory extends Pick<
  PluginDefinition<'router'>,
  'name' | 'create' | 'check' | 'descriptors'
> {
  /** Shown in logs and by `commloop check`. */
  readonly name: string
  /** Called once for each node. If it throws, the user who wrote the options sees the message. */
  create(options: Readonly<Record<string, unknown>>): SendRouter
}

/** What `defineRouter` adds to a router. */
export interface RouterMark {
  readonly kind: 'router'
  readonly apiVersion: typeof ROUTER_API_VERSION
}

/**
 * Turns a router into a plugin that a configuration can name: export the result as the module's default.
 *
 * It only marks the object with its kind and API version, so that commloop can tell a router from another or an outdated
 * module. The types let an editor complete `message` and `links`.
 */
export function defineRouter<Router extends PlainRouter | RouterFactory>(
  router: Router,
): Router & RouterMark {
  const mark: RouterMark = { kind: 'router', apiVersion: ROUTER_API_VERSION }
  return Object.assign(router, mark)
}
