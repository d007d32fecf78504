package ddl

import "github.com/retort-go/retort/schema"

// Validate lists every problem of s.
func Validate(s *schema.Schema) []error { return nil }
