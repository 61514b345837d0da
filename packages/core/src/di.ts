import 'reflect-metadata'

// The one place that knows tsyringe. Plugins take these names from `@commloop/core`, so that a process has one
// copy of the container library and of its metadata polyfill.
export { inject, injectable, Lifecycle } from 'tsyringe'
export type { DependencyContainer, InjectionToken } from 'tsyringe'
