/** The old name of `@commloop/fault-peer`, kept as an alias. */
export * from '@commloop/fault-peer'
