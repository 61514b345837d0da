import 'reflect-metadata'

// The one place that knows tsyringe and its metadata polyfill, so that a process has one copy of each. Plugins import
// `Lifecycle` and the types from `@commloop/core`. The container and the decorators are for the composition root only.
export { container, inject, injectable, Lifecycle } from 'tsyringe'
export type { DependencyContainer, InjectionToken } from 'tsyringe'
