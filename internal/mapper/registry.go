package mapper

import "reflect"

// Types is the set of PostgreSQL types that are not built in and that a program
// has told about.
//
//   - Shape: a value to be passed on; the nil *Types knows the built-in types.
//   - Concurrency: safe for many goroutines; nothing changes after it was made.
type Types struct {
	byName map[string]pgType
	byGo   map[reflect.Type]pgType
}

// userType is how a registered type is paired with Go types.
type userType struct {
	pair func(c *column) (problem string)
}

// named finds a registered or built-in type by the text that names it in SQL.
func (r *Types) named(text string) (pgType, bool) {
	if r != nil {
		if pg, ok := r.byName[text]; ok {
			return pg, true
		}
		if element, dims := cutDimensions(text); dims > 0 {
			if pg, ok := r.byName[element]; ok {
				return arrayOf(pg), true
			}
		}
	}
	return typeNamed(text)
}

// ofGo finds the registered type that a Go type stands for.
func (r *Types) ofGo(t reflect.Type) (pgType, bool) {
	if r == nil {
		return pgType{}, false
	}
	pg, ok := r.byGo[t]
	return pg, ok
}
