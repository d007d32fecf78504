package autogenerate

// WithDatabase is withDatabase, for tests.
var WithDatabase = withDatabase

// Flat is flat, for tests.
var Flat = flat
