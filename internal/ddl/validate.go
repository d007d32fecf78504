package ddl

import (
	"errors"
	"fmt"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/schema"
)

// Validate lists every problem of s that needs no database to be seen.
//
//   - Shape: nil when there is none; the order of s. Each text names the enum,
//     table, column or constraint. SQL text (types, defaults, predicates,
//     statements) is not parsed: the server judges it.
//   - Errors: names that PostgreSQL would cut or refuse, names used twice,
//     references to tables and columns that are not there, foreign keys whose
//     target is not unique or of another type, settings that contradict each
//     other.
func Validate(s *schema.Schema) []error {
	v := validation{schema: s, relations: map[place]string{}, types: map[place]string{}}
	for _, name := range s.Namespaces() {
		v.namespace(name)
	}
	for i := range s.Enums {
		v.enum(&s.Enums[i])
	}
	// Names first: a table may refer to a later one, and an index may take the
	// name of one.
	for i := range s.Tables {
		t := &s.Tables[i]
		where := "table " + t.FullName()
		v.name("table", "", t.Name)
		if v.claim(where, placeOf(t)) {
			v.claimType(where, placeOf(t))
		}
	}
	for i := range s.Tables {
		if t := &s.Tables[i]; !t.Unmanaged {
			v.table(t)
		}
	}
	v.objects()
	return v.problems
}

type validation struct {
	schema    *schema.Schema
	problems  []error
	relations map[place]string // name → what has it; tables and indexes share them
	types     map[place]string // name → what has it; enums and tables share them
}

func (v *validation) problem(where, format string, args ...any) {
	v.problems = append(v.problems, fmt.Errorf("ddl: %s: "+format, append([]any{where}, args...)...))
}

// name checks an identifier; where is empty when the name is the place itself.
func (v *validation) name(what, where, name string) {
	err := sqltext.CheckIdent(name)
	if err == nil {
		return
	}
	if where != "" {
		what = where + ": " + what
	}
	v.problem(what, "%w", err)
}

// claim takes name among the relations of the schema.
func (v *validation) claim(owner string, name place) bool {
	if before, taken := v.relations[name]; taken {
		v.problem(owner, "the name %q is taken already by %s; tables, indexes, primary keys and "+
			"unique constraints share one set of names", name.name, before)
		return false
	}
	v.relations[name] = owner
	return true
}

func (v *validation) claimType(owner string, name place) {
	if before, taken := v.types[name]; taken {
		v.problem(owner, "the name %q is taken already by %s; enums and tables share one set of names", name.name, before)
		return
	}
	v.types[name] = owner
}

func (v *validation) namespace(name string) {
	v.name("schema", "", name)
	if strings.HasPrefix(name, "pg_") || name == "information_schema" {
		v.problem("schema "+name, "PostgreSQL keeps this name for itself")
	}
}

func (v *validation) enum(e *schema.Enum) {
	where := "enum " + e.FullName()
	v.name("enum", "", e.Name)
	v.claimType(where, place{e.Namespace, e.Name})
	if len(e.Values) == 0 {
		v.problem(where, "it has no values")
	}
	seen := map[string]bool{}
	for _, value := range e.Values {
		if err := checkLabel(value); err != nil {
			v.problem(where, "value %q %w", value, err)
		}
		if seen[value] {
			v.problem(where, "value %q is there twice", value)
		}
		seen[value] = true
	}
}

func checkLabel(value string) error {
	switch {
	case value == "":
		return errors.New("is empty")
	case len(value) > sqltext.MaxIdent:
		return fmt.Errorf("is %d bytes long, PostgreSQL takes %d", len(value), sqltext.MaxIdent)
	case sqltext.CheckLiteral(value) != nil:
		return errors.New("has a NUL byte or is not valid UTF-8")
	}
	return nil
}

func (v *validation) objects() {
	seen := map[string]bool{}
	for i := range v.schema.Objects {
		o := &v.schema.Objects[i]
		where := string(o.Kind) + " " + o.Name
		key := where + "(" + o.Arguments + ")"
		switch o.Kind {
		case schema.Function:
			where = string(o.Kind) + " " + fullName(o.Namespace, functionName(o))
			key = where
			if o.Table != "" {
				v.problem(where, "it names the table %q, which only triggers have", o.Table)
			}
			if o.Namespace != "" && !strings.Contains(o.Create, functionMark) {
				v.problem(where, "its SQL must call it %s, which stands for the name with its schema", functionMark)
			}
		case schema.Type, schema.View, schema.Extension, schema.SequenceObject:
			if o.Table != "" || o.Arguments != "" || o.Namespace != "" {
				v.problem(where, "it has a table, arguments or a namespace of its own, which %ss do not have", o.Kind)
			}
		case schema.Trigger, schema.Policy:
			where += " of table " + fullName(o.Namespace, o.Table)
			key = where
			if t, ok := v.schema.TableIn(o.Namespace, o.Table); !ok {
				v.problem(where, "no registered table has this name")
			} else if t.Unmanaged {
				v.problem(where, "the table is unmanaged, and so are its triggers and policies; take this one out")
			}
			if o.Namespace != "" && !strings.Contains(o.Create, tableMark) {
				v.problem(where, "its SQL must call the table %s, which stands for the name with its schema", tableMark)
			}
			if o.Arguments != "" {
				v.problem(where, "it has the arguments %q, which only functions have", o.Arguments)
			}
		default:
			v.problem("object "+o.Name, "its kind is %q; there are %q, %q, %q, %q, %q, %q and %q", o.Kind,
				schema.Type, schema.Function, schema.Trigger, schema.Extension, schema.View, schema.Policy, schema.SequenceObject)
			continue
		}
		v.objectParts(where, o)
		if o.Kind != schema.Type && o.Kind != schema.View && o.Kind != schema.SequenceObject {
			v.name(string(o.Kind), "", o.Name)
		} else if o.Name == "" || sqltext.CheckLiteral(o.Name) != nil {
			v.problem(where, "it has no name")
		}
		if seen[key] {
			v.problem(where, "it is registered twice")
		}
		seen[key] = true
		if objectText(o) == "" && o.Kind != schema.Extension {
			v.problem(where, "its SQL is empty")
		} else if sqltext.CheckLiteral(o.Create) != nil {
			v.problem(where, "its SQL has a NUL byte or is not valid UTF-8")
		}
	}
}

// objectParts looks at what an object has beside its statement.
func (v *validation) objectParts(where string, o *schema.Object) {
	if o.Comment != "" && (o.Kind == schema.Type || o.Kind == schema.Extension) {
		v.problem(where, "it has a comment, which %ss do not have here", o.Kind)
	} else if sqltext.CheckLiteral(o.Comment) != nil {
		v.problem(where, "its comment has a NUL byte or is not valid UTF-8")
	}
	if len(o.Indexes) > 0 && (o.Kind != schema.View || !materialized(o)) {
		v.problem(where, "it has indexes, which only materialized views have")
	}
	seen := map[string]bool{}
	for _, ix := range o.Indexes {
		v.name("index of "+where, "", ix.Name)
		switch {
		case seen[ix.Name]:
			v.problem(where, "its index %s is registered twice", ix.Name)
		case plainText(ix.Create) == "" || sqltext.CheckLiteral(ix.Create) != nil:
			v.problem(where, "the SQL of its index %s is empty, has a NUL byte or is not valid UTF-8", ix.Name)
		}
		seen[ix.Name] = true
	}
}
