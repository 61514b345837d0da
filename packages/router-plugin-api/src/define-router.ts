import type { SendRouter } from '@commloop/core'

/** Grows when routers written for an older one would no longer work. Not the package's version. */
export const ROUTER_API_VERSION = 1

/** A router that needs no options: its answer depends on the message and the links alone. */
export interface PlainRouter extends SendRouter {
  /** Shown in logs and by `commloop check`. */
  readonly name: string
}

/** A router with options: `{ use: ./router.mjs, ...options }` in the configuration is passed to `create`. */
export interface RouterFactory {
  /** Shown in logs and by `commloop check`. */
  readonly name: string
  /** Called once for each node. What it throws is shown to whoever wrote the options. */
  create(options: Readonly<Record<string, unknown>>): SendRouter
}

/** What a router module exports as its default. */
export interface RouterMark {
  readonly kind: 'router'
  readonly apiVersion: typeof ROUTER_API_VERSION
}

/**
 * Turns a router into a plugin that commloop finds: export the result as the module's default.
 *
 * Only marks the object with its kind and API version, so that a wrong or outdated module is told apart from a
 * router; the types are what makes an editor complete `message` and `links`.
 */
export function defineRouter<Router extends PlainRouter | RouterFactory>(
  router: Router,
): Router & RouterMark {
  const mark: RouterMark = { kind: 'router', apiVersion: ROUTER_API_VERSION }
  return Object.assign(router, mark)
}
