package ddl

import (
	"fmt"
	"slices"
	"strings"
)

// Difference is one point in which the database is not what the model says.
//
//   - Shape: Table is empty for enums and functions. What names the part, as in
//     "column note" or "index ix_books_title". Model and Database hold both
//     sides as the server writes them, or "missing".
type Difference struct {
	Table    string
	What     string
	Model    string
	Database string
}

// String writes d on one line; of longer texts it shows the first line that
// differs.
func (d Difference) String() string {
	where := d.What
	if d.Table != "" {
		where = "table " + d.Table + ": " + d.What
	}
	model, database, line := firstDifference(d.Model, d.Database)
	if line > 0 {
		where += fmt.Sprintf(": line %d", line)
	}
	return where + ": model " + model + ", database " + database
}

func firstDifference(model, database string) (string, string, int) {
	if !strings.Contains(model, "\n") || !strings.Contains(database, "\n") {
		return oneLine(model), oneLine(database), 0
	}
	a, b := strings.Split(model, "\n"), strings.Split(database, "\n")
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			return "ends", oneLine(b[i]), i + 1
		case i >= len(b):
			return oneLine(a[i]), "ends", i + 1
		case a[i] != b[i]:
			return oneLine(a[i]), oneLine(b[i]), i + 1
		}
	}
	return oneLine(model), oneLine(database), 0
}

func oneLine(text string) string {
	first, _, more := strings.Cut(strings.TrimSpace(text), "\n")
	if more {
		return first + " …"
	}
	return first
}

// DiffError says that the database holds something under a name of the model
// that differs from it.
//
//   - Shape: Differences in the order of the model, never empty.
type DiffError struct {
	Differences []Difference
}

// Error lists every difference by name, one per line.
func (e *DiffError) Error() string {
	places := "1 place"
	if n := len(e.Differences); n != 1 {
		places = fmt.Sprintf("%d places", n)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "ddl: the database differs from the models in %s, nothing was created; "+
		"change the models or migrate the database; see docs/errors.md#create-all-differs", places)
	for _, d := range e.Differences {
		b.WriteString("\n" + d.String())
	}
	return b.String()
}

const missing = "missing"

// relationKind names pg_class.relkind.
func relationKind(kind string) string {
	switch kind {
	case "v":
		return "view"
	case "m":
		return "materialized view"
	case "f":
		return "foreign table"
	case "S":
		return "sequence"
	case "i", "I":
		return "index"
	case "c":
		return "composite type"
	}
	return "table"
}

// typeKind names pg_type.typtype.
func typeKind(kind string) string {
	switch kind {
	case "b":
		return "base type"
	case "c":
		return "composite type"
	case "d":
		return "domain"
	case "r", "m":
		return "range type"
	}
	return "enum"
}

func find(items []item, name string) (item, bool) {
	i := slices.IndexFunc(items, func(it item) bool { return it.name == name })
	if i < 0 {
		return item{}, false
	}
	return items[i], true
}
