export * from './network/index.js'
export * from './simulator/index.js'
export * from './virtual/index.js'
