package query

type Predicate struct{}
