package pgx

type Identifier []string

func (i Identifier) Sanitize() string { return "" }
