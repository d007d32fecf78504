package mapper

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"
)

// Field is one exported leaf of a struct: a field that can be a column.
type Field struct {
	Name     string         // Go name of the leaf
	Path     string         // Go names from the outermost struct, "Timestamps.CreatedAt"
	Column   string         // from the tag `db:"…"`, else the snake_case of Name
	Offset   uintptr        // bytes from the start of the outermost struct
	Type     reflect.Type   // type of the leaf
	Embedded []reflect.Type // chain of embedded structs, outermost first; nil for a direct field
}

var (
	timeType    = reflect.TypeFor[time.Time]()
	valuerType  = reflect.TypeFor[driver.Valuer]()
	scannerType = reflect.TypeFor[sql.Scanner]()
)

// Fields lists the exported leaves of the struct t in declaration order.
//
//   - Shape: embedded structs are flattened, also unexported ones; a tagged
//     embedded struct is a leaf. The tag `db:"-"` and unexported fields are
//     left out. No two fields have the same Column.
//   - Errors: every problem joined, each a [*FieldError]; embedded pointers and
//     embedded values such as time.Time are refused, since neither is a set of
//     columns.
func Fields(t reflect.Type) ([]Field, error) {
	if t == nil || t.Kind() != reflect.Struct || isTime(t) {
		return nil, fmt.Errorf("mapper: %v is not a struct of columns; pass the model's struct type", t)
	}
	w := fieldWalker{root: t}
	w.walk(t, 0, "", nil)
	w.checkColumns()
	return w.fields, errors.Join(w.problems...)
}

type fieldWalker struct {
	root     reflect.Type
	fields   []Field
	problems []error
}

func (w *fieldWalker) walk(t reflect.Type, base uintptr, prefix string, chain []reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("db")
		if tag == "-" {
			continue
		}
		if f.Anonymous && !tagged {
			if w.embedded(f, base, prefix, chain) {
				continue
			}
		}
		if !f.IsExported() {
			if tagged {
				w.problem(prefix+f.Name, "the db tag is on an unexported field; export the field or remove the tag")
			}
			continue
		}
		column := tag
		if !tagged || tag == "" {
			column = SnakeCase(f.Name)
		}
		if reason := badIdentifier(column); reason != "" {
			w.problem(prefix+f.Name, reason)
			continue
		}
		w.fields = append(w.fields, Field{
			Name: f.Name, Path: prefix + f.Name, Column: column,
			Offset: base + f.Offset, Type: f.Type, Embedded: chain,
		})
	}
}

// embedded handles an untagged embedded field and reports whether it is done
// with; false leaves it to be an ordinary leaf.
func (w *fieldWalker) embedded(f reflect.StructField, base uintptr, prefix string, chain []reflect.Type) bool {
	t := f.Type
	if t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct {
		w.problem(prefix+f.Name, fmt.Sprintf("an embedded pointer has no columns of its own; embed %s by value", t.Elem()))
		return true
	}
	if t.Kind() != reflect.Struct {
		return false
	}
	if isTime(t) || implements(t, valuerType) || implements(t, scannerType) {
		w.problem(prefix+f.Name, fmt.Sprintf("embedded %s is one value and not a set of columns; give the field a name", t))
		return true
	}
	before, problems := len(w.fields), len(w.problems)
	inner := append(chain[:len(chain):len(chain)], t)
	w.walk(t, base+f.Offset, prefix+f.Name+".", inner)
	if len(w.fields) == before && len(w.problems) == problems && t.Size() > 0 && !hasExported(t) {
		w.problem(prefix+f.Name, fmt.Sprintf("embedded %s has no exported fields; give the field a name and the tag `db:\"-\"`", t))
	}
	return true
}

func (w *fieldWalker) checkColumns() {
	first := make(map[string]string, len(w.fields))
	for _, f := range w.fields {
		if other, taken := first[f.Column]; taken {
			w.problem(f.Path, fmt.Sprintf("column %s is already that of field %s; name one of them with a db tag", f.Column, other))
			continue
		}
		first[f.Column] = f.Path
	}
}

func (w *fieldWalker) problem(path, text string) {
	w.problems = append(w.problems, &FieldError{Type: w.root.String(), Field: path, Problem: text})
}

// SnakeCase is the column name of a Go name: ID → id, DueAt → due_at,
// HTTPServer → http_server, UserID → user_id.
//
//   - Shape: a word begins at an upper-case letter after a lower-case letter or
//     digit, and at the last letter of a run of capitals that a lower-case
//     letter follows; all in lower case.
func SnakeCase(name string) string {
	runes := []rune(name)
	var b strings.Builder
	b.Grow(len(name) + 4)
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) && runes[i-1] != '_' {
			afterSmall := !unicode.IsUpper(runes[i-1])
			beforeSmall := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if afterSmall || beforeSmall {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// isTime reports time.Time and the types defined on it.
func isTime(t reflect.Type) bool {
	return t == timeType || t.Kind() == reflect.Struct && t.ConvertibleTo(timeType)
}

func implements(t, iface reflect.Type) bool {
	return t.Implements(iface) || reflect.PointerTo(t).Implements(iface)
}

func hasExported(t reflect.Type) bool {
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() || f.Anonymous {
			return true
		}
	}
	return false
}

// badIdentifier says why PostgreSQL would refuse or cut the name, "" when fine.
func badIdentifier(name string) string {
	const longest = 63 // bytes, NAMEDATALEN - 1; longer names are cut silently
	switch {
	case len(name) > longest:
		return fmt.Sprintf("column name of %d bytes, PostgreSQL keeps %d; shorten it with a db tag", len(name), longest)
	case strings.ContainsRune(name, 0) || strings.ToValidUTF8(name, "") != name:
		return "column name holds a NUL or is not UTF-8"
	case strings.TrimSpace(name) != name:
		return "column name begins or ends with a space"
	}
	return ""
}
