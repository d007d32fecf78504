package domain

// Right is what a person asks for.
type Right string

// The rights.
const (
	Access      Right = "access"
	Deletion    Right = "deletion"
	Correction  Right = "correction"
	Portability Right = "portability"
	OptOut      Right = "opt_out"
)

// Rights returns every right, in the order of the database enum.
func Rights() []Right { return []Right{Access, Deletion, Correction, Portability, OptOut} }
