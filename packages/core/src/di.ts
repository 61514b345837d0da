import 'reflect-metadata'

// The only file that imports tsyringe and its metadata polyfill, so that a process has one copy of each. Plugins import
// `Lifecycle` and the types from `@commloop/core`. Only the composition root uses the container and the decorators.
export { container, inject, injectable, Lifecycle } from 'tsyringe'
export type { DependencyContainer, InjectionToken } from 'tsyringe'
