import 'reflect-metadata'

// The one place that knows tsyringe and its metadata polyfill, so that a process has one copy of each. Plugins take
// these names from `@commloop/core`, which leaves `container` out: only the composition root uses it.
export { container, inject, injectable, Lifecycle } from 'tsyringe'
export type { DependencyContainer, InjectionToken } from 'tsyringe'
