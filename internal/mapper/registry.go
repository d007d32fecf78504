package mapper

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Types is the set of PostgreSQL types that are not built in and that a program
// has told about.
//
//   - Shape: a value to be passed on; the nil *Types knows the built-in types,
//     citext and hstore.
//   - Concurrency: safe for many goroutines; nothing changes after it was made.
type Types struct {
	byName map[string]pgType
	byGo   map[reflect.Type]pgType
}

// Registered is one type for [NewTypes]: an [Enum], a [Domain], a [RangeOf], a
// [Composite] or a [Codec].
type Registered interface {
	typeName() string
	define(r *Types) (pg pgType, goTypes []reflect.Type, err error)
}

// NewTypes makes a set of types, which may be built of one another in any order.
//
//   - Shape: names are as SQL writes them: "mood", "app.mood", `"Mood"`.
//   - Errors: every problem joined: names that come twice or are built in, parts
//     that are not known, Go types that do not fit.
func NewTypes(list ...Registered) (*Types, error) {
	r := &Types{byName: make(map[string]pgType), byGo: make(map[reflect.Type]pgType)}
	waiting := make(map[string]Registered, len(list))
	var problems []error
	for _, t := range list {
		name := t.typeName()
		_, builtIn := typeNamed(name)
		_, twice := waiting[name]
		switch {
		case name == "" || strings.TrimSpace(name) != name || strings.HasSuffix(name, "]"):
			problems = append(problems, fmt.Errorf("mapper: registered type %q: not the name of a type; arrays need no registration", name))
		case builtIn:
			problems = append(problems, fmt.Errorf("mapper: registered type %q: is built in; remove it", name))
		case twice:
			problems = append(problems, fmt.Errorf("mapper: registered type %q: is there twice; remove one", name))
		default:
			waiting[name] = t
		}
	}
	// A type whose parts are still waiting is tried again, as long as others get done.
	for len(waiting) > 0 {
		var late []error
		done := 0
		for _, t := range list {
			name := t.typeName()
			if waiting[name] == nil {
				continue
			}
			pg, goTypes, err := t.define(r)
			if err != nil {
				late = append(late, fmt.Errorf("mapper: registered type %q: %w", name, err))
				continue
			}
			delete(waiting, name)
			done++
			r.byName[name] = pg
			if pg.sql != "" {
				r.byName[pg.sql] = pg
			}
			for _, goType := range goTypes {
				if problem := r.stand(goType, pg); problem != "" {
					problems = append(problems, fmt.Errorf("mapper: registered type %q: %s", name, problem))
				}
			}
		}
		if done == 0 {
			problems = append(problems, late...)
			break
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return r, nil
}

// stand makes pg the default of a Go type. A type that everybody uses must not
// become the one of a few columns.
func (r *Types) stand(t reflect.Type, pg pgType) (problem string) {
	switch other, taken := r.byGo[t]; {
	case t == nil:
		return "stands for nil; give it a value of a Go type"
	case t.PkgPath() == "" && pg.user != nil:
		return "" // its codec takes the type; the columns are declared with theirs
	case t.PkgPath() == "" || t == timeType:
		return fmt.Sprintf("%s stands for a type already; declare a type of its own, as in type Email string", t)
	case taken:
		return fmt.Sprintf("%s stands for %s already; declare a second Go type", t, other.name)
	}
	r.byGo[t] = pg
	return ""
}

// userType is how a registered type is paired with Go types.
type userType struct {
	pair func(r *Types, c *column) (problem string)
}

// named finds a registered or built-in type by the text that names it in SQL.
func (r *Types) named(text string) (pgType, bool) {
	if r != nil {
		element, dims := cutDimensions(strings.TrimSpace(text))
		pg, ok := r.byName[element]
		if open := strings.LastIndexByte(element, '('); !ok && open > 0 { // vector(3)
			pg, ok = r.byName[strings.TrimSpace(element[:open])]
		}
		if ok {
			if dims > 0 {
				pg = arrayOf(pg)
			}
			return pg, true
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

// Enum is an enum type, for strings.
//
//   - Shape: fields of Types are columns of it unless they say otherwise. With
//     Labels a stored value that is none of them is a [*ValueError]. SQL is the
//     name in quotes, where Name is the bare one.
type Enum struct {
	Name   string
	SQL    string
	Labels []string
	Types  []reflect.Type
}

func (e Enum) typeName() string { return e.Name }

func (e Enum) define(*Types) (pgType, []reflect.Type, error) {
	return pgType{wire: wireText, name: e.Name, sql: e.SQL, enum: &enumType{labels: slices.Clone(e.Labels)}}, e.Types, nil
}

// Domain is a domain: its values are those of the type that it is based on.
type Domain struct {
	Name  string
	Of    string         // SQL text of the base type
	Types []reflect.Type // whose fields are columns of it unless they say otherwise
}

func (d Domain) typeName() string { return d.Name }

func (d Domain) define(r *Types) (pgType, []reflect.Type, error) {
	pg, ok := r.named(d.Of)
	if !ok {
		return pg, nil, fmt.Errorf("base type %q is not known; register it too", d.Of)
	}
	pg.name, pg.sql, pg.domain = d.Name, "", true
	return pg, d.Types, nil
}

// RangeOf is a range type, with the multirange type that was made with it.
type RangeOf struct {
	Name       string
	Of         string         // SQL text of the type of its bounds
	Multirange bool           // this is the multirange type, and Of is its range type
	Types      []reflect.Type // whose fields are columns of it unless they say otherwise
}

func (d RangeOf) typeName() string { return d.Name }

func (d RangeOf) define(r *Types) (pgType, []reflect.Type, error) {
	item, ok := r.named(d.Of)
	if !ok {
		return item, nil, fmt.Errorf("type %q is not known; register it too", d.Of)
	}
	pg := pgType{wire: wireRange, name: d.Name, item: &item}
	if d.Multirange {
		if pg.wire = wireMultirange; item.wire != wireRange {
			return pg, nil, fmt.Errorf("%q is no range type", d.Of)
		}
	}
	return pg, d.Types, nil
}
