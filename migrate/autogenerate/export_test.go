package autogenerate

// WithDatabase is withDatabase, for tests.
var WithDatabase = withDatabase

// Rendered is rendered, for tests.
var Rendered = rendered
