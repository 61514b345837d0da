import fc from 'fast-check'

// A mutant that a property has noticed is killed: nobody reads the smallest case, which takes minutes to find.
fc.configureGlobal({ endOnFailure: true })
