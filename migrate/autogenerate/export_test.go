package autogenerate

// WithDatabase is withDatabase, for tests.
var WithDatabase = withDatabase

// Rendered is rendered, for tests.
var Rendered = rendered

// Casts and Castable are for the test that asks the server.
var (
	Casts    = casts
	Castable = castable
)
