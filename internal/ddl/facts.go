package ddl

import (
	"context"
	"fmt"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/schema"
)

// facts is what the current schema holds under the names of one model, in the
// server's own words.
type facts struct {
	tables    map[string]*tableFacts
	types     map[string]*typeFacts
	functions []item
}

// tableFacts is one relation; kind is pg_class.relkind.
type tableFacts struct {
	kind        string
	unlogged    bool
	comment     string
	storage     []item
	columns     []columnFacts
	constraints []item
	indexes     []item
	triggers    []item
}

// columnFacts is one column; empty texts are "none". fills says that the server
// finds a value for it when an INSERT names none; start is the first number of
// an identity column.
type columnFacts struct {
	name, typ, collation string
	notNull              bool
	value                string
	fills                bool
	start, comment       string
}

// typeFacts is one type; kind is pg_type.typtype.
type typeFacts struct {
	kind   string
	labels []string
}

// item is a named part whose text can be compared; statement makes it again,
// where that is of use.
type item struct{ name, text, statement string }

func (f *facts) empty() bool {
	return len(f.tables) == 0 && len(f.types) == 0 && len(f.functions) == 0
}

// reader runs the catalog queries for the names of one model in whatever schema
// comes first in search_path, so both sides are read by the same texts.
type reader struct {
	q                        Querier
	tables, enums, functions string
	scratch                  string
}

func newReader(q Querier, s *schema.Schema) *reader {
	var tables, enums, functions []string
	for i := range s.Tables {
		tables = append(tables, s.Tables[i].Name)
	}
	for i := range s.Enums {
		enums = append(enums, s.Enums[i].Name)
	}
	for i := range s.Objects {
		if s.Objects[i].Kind == schema.Function {
			functions = append(functions, s.Objects[i].Name)
		}
	}
	return &reader{q: q, tables: nameArray(tables), enums: nameArray(enums), functions: nameArray(functions)}
}

func nameArray(names []string) string {
	var b sqltext.Builder
	b.WriteString("ARRAY[")
	for i, name := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		b.Literal(name)
	}
	b.WriteString("]::name[]")
	return b.String()
}

func (r *reader) read(ctx context.Context) (*facts, error) {
	f := &facts{tables: map[string]*tableFacts{}, types: map[string]*typeFacts{}}
	for _, part := range []struct {
		sql, names string
		add        func(row []string)
	}{
		{relationsSQL, r.tables, func(row []string) {
			f.tables[row[0]] = &tableFacts{kind: row[1], unlogged: row[2] == "true", comment: row[3]}
		}},
		{storageSQL, r.tables, f.addTo(func(t *tableFacts, row []string) {
			t.storage = append(t.storage, item{name: row[1], text: row[2]})
		})},
		{columnsSQL, r.tables, f.addTo(addColumn)},
		{constraintsSQL, r.tables, f.addTo(func(t *tableFacts, row []string) {
			t.constraints = append(t.constraints, item{name: row[1], text: row[2]})
		})},
		{indexesSQL, r.tables, f.addTo(func(t *tableFacts, row []string) {
			t.indexes = append(t.indexes, item{name: row[1], text: row[2], statement: row[3]})
		})},
		{triggersSQL, r.tables, f.addTo(func(t *tableFacts, row []string) {
			t.triggers = append(t.triggers, item{name: row[1], text: row[2], statement: row[3]})
		})},
		{typesSQL, r.enums, f.addType},
		{functionsSQL, r.functions, func(row []string) {
			f.functions = append(f.functions, item{name: row[0], text: r.withoutScratch(row[1])})
		}},
	} {
		rows, err := r.q.Query(ctx, label+strings.ReplaceAll(part.sql, "{names}", part.names))
		if err != nil {
			return nil, fmt.Errorf("ddl: read the catalog: %w", err)
		}
		for _, row := range rows {
			part.add(row)
		}
	}
	return f, nil
}

// addTo leaves out the rows of a table that somebody else made between two of
// our queries: it was missing when the tables were read.
func (f *facts) addTo(add func(t *tableFacts, row []string)) func(row []string) {
	return func(row []string) {
		if t := f.tables[row[0]]; t != nil {
			add(t, row)
		}
	}
}

func addColumn(t *tableFacts, row []string) {
	t.columns = append(t.columns, columnFacts{
		name: row[1], typ: row[2], collation: row[3], notNull: row[4] == "true", value: row[5], fills: row[6] == "true",
		start: row[7], comment: row[8],
	})
}

func (f *facts) addType(row []string) {
	t := f.types[row[0]]
	if t == nil {
		t = &typeFacts{kind: row[1]}
		f.types[row[0]] = t
	}
	if row[1] == "e" {
		t.labels = append(t.labels, row[2])
	}
}

// withoutScratch takes the scratch schema out of the one place where the server
// writes it into a definition: SET search_path FROM CURRENT.
func (r *reader) withoutScratch(definition string) string {
	if r.scratch == "" {
		return definition
	}
	return strings.ReplaceAll(definition, "'"+r.scratch+"', ", "")
}
