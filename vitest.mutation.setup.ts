import fc from 'fast-check'

// A property test that fails has killed the mutant. Shrinking its counterexample would take minutes for nothing.
fc.configureGlobal({ endOnFailure: true })
