import type { HttpBindings } from '@hono/node-server'
import type { Context, Hono } from 'hono'

/** The requests of one app run on `node:http`: handlers read the body and set timeouts on its objects. */
export interface AppEnvironment {
  readonly Bindings: HttpBindings
}

/** A hono app that runs under `@hono/node-server`. */
export type ControlApp = Hono<AppEnvironment>

/** One request and its response. */
export type Call = Context<AppEnvironment>
