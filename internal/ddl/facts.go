package ddl

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/schema"
)

// facts is what the current schema holds under the names of one model, in the
// server's own words.
type facts struct {
	namespaces []string
	tables     map[place]*tableFacts
	types      map[place]*typeFacts
	functions  []item
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

// place is where a table is; an empty namespace is the current schema.
type place struct{ namespace, name string }

func placeOf(t *schema.Table) place { return place{t.Namespace, t.Name} }

// reader runs the catalog queries for the names of one model, so both sides are
// read by the same texts.
type reader struct {
	q          Querier
	schema     *schema.Schema
	namespaces string
	scratch    *scratch // nil while the database is read
}

func newReader(q Querier, s *schema.Schema) *reader {
	return &reader{q: q, schema: s, namespaces: nameArray(s.Namespaces())}
}

// namespace is the schema to look into, as SQL text.
func (r *reader) namespace(name string) string {
	if name == "" {
		return "pg_catalog.current_schema()"
	}
	return sqltext.Literal(r.scratch.of(name)) + "::name"
}

// wantedEnums is the list of enums to read; the key finds the enum of the model.
func (r *reader) wantedEnums() string {
	var rows []string
	for i := range r.schema.Enums {
		e := &r.schema.Enums[i]
		rows = append(rows, "('"+strconv.Itoa(i)+"', "+r.namespace(e.Namespace)+", "+sqltext.Literal(e.Name)+"::name)")
	}
	return strings.Join(rows, ", ")
}

// wantedFunctions is the list of functions to read; the key is the namespace of
// the model.
func (r *reader) wantedFunctions() string {
	var rows []string
	for i := range r.schema.Objects {
		o := &r.schema.Objects[i]
		row := "(" + sqltext.Literal(o.Namespace) + ", " + r.namespace(o.Namespace) + ", " + sqltext.Literal(o.Name) + "::name)"
		if o.Kind == schema.Function && !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
	}
	return strings.Join(rows, ", ")
}

// wanted is the list of tables to read. The key finds the table of the model
// again, whatever it is called in the database.
func (r *reader) wanted() string {
	var b sqltext.Builder
	for i := range r.schema.Tables {
		t := &r.schema.Tables[i]
		if t.Unmanaged {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString("('" + strconv.Itoa(i) + "', ")
		b.WriteString(r.namespace(t.Namespace))
		b.WriteString(", ")
		b.Literal(t.Name)
		b.WriteString("::name)")
	}
	return b.String()
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
	f := &facts{tables: map[place]*tableFacts{}, types: map[place]*typeFacts{}}
	if err := r.rows(ctx, strings.ReplaceAll(namespacesSQL, "{names}", r.namespaces), func(row []string) {
		f.namespaces = append(f.namespaces, row[0])
	}); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		sql, wanted string
		add         func(row []string)
	}{
		{typesSQL, r.wantedEnums(), func(row []string) { f.addType(r.schema, row) }},
		{functionsSQL, r.wantedFunctions(), func(row []string) {
			f.functions = append(f.functions, item{name: fullName(row[0], r.scratch.withoutNames(row[1])), text: r.scratch.withoutPath(row[2])})
		}},
	} {
		if part.wanted == "" {
			continue
		}
		if err := r.rows(ctx, strings.ReplaceAll(part.sql, "{wanted}", part.wanted), part.add); err != nil {
			return nil, err
		}
	}
	wanted := r.wanted()
	if wanted == "" {
		return f, nil
	}
	tables := strings.ReplaceAll(wantedSQL, "{wanted}", wanted)
	relations := func(row []string) {
		f.tables[r.place(row)] = &tableFacts{kind: row[1], unlogged: row[2] == "true", comment: row[3]}
	}
	if err := r.rows(ctx, strings.ReplaceAll(relationsSQL, "{tables}", tables), relations); err != nil {
		return nil, err
	}
	for _, part := range []struct {
		sql string
		add func(t *tableFacts, row []string)
	}{
		{storageSQL, func(t *tableFacts, row []string) {
			t.storage = append(t.storage, item{name: row[1], text: row[2]})
		}},
		{columnsSQL, func(t *tableFacts, row []string) {
			row[2], row[5] = r.scratch.withoutNames(row[2]), r.scratch.withoutNames(row[5])
			addColumn(t, row)
		}},
		{constraintsSQL, func(t *tableFacts, row []string) {
			t.constraints = append(t.constraints, item{name: row[1], text: r.scratch.withoutNames(row[2])})
		}},
		{indexesSQL, func(t *tableFacts, row []string) {
			t.indexes = append(t.indexes, item{name: row[1], text: r.scratch.withoutNames(row[2]), statement: row[3]})
		}},
		{triggersSQL, func(t *tableFacts, row []string) {
			t.triggers = append(t.triggers, item{name: row[1], text: r.scratch.withoutNames(row[2]), statement: row[3]})
		}},
	} {
		if err := r.rows(ctx, strings.ReplaceAll(part.sql, "{tables}", tables), func(row []string) {
			// A table that somebody else made between two of our queries was missing when
			// the tables were read.
			if t := f.tables[r.place(row)]; t != nil {
				part.add(t, row)
			}
		}); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (r *reader) rows(ctx context.Context, sql string, add func(row []string)) error {
	rows, err := r.q.Query(ctx, label+sql)
	if err != nil {
		return fmt.Errorf("ddl: read the catalog: %w", err)
	}
	for _, row := range rows {
		add(row)
	}
	return nil
}

// place finds the table that a row is about.
func (r *reader) place(row []string) place {
	i, err := strconv.Atoi(row[0])
	if err != nil {
		return place{}
	}
	return placeOf(&r.schema.Tables[i])
}

func addColumn(t *tableFacts, row []string) {
	t.columns = append(t.columns, columnFacts{
		name: row[1], typ: row[2], collation: row[3], notNull: row[4] == "true", value: row[5], fills: row[6] == "true",
		start: row[7], comment: row[8],
	})
}

func (f *facts) addType(s *schema.Schema, row []string) {
	i, err := strconv.Atoi(row[0])
	if err != nil {
		return
	}
	at := place{s.Enums[i].Namespace, s.Enums[i].Name}
	t := f.types[at]
	if t == nil {
		t = &typeFacts{kind: row[1]}
		f.types[at] = t
	}
	if row[1] == "e" {
		t.labels = append(t.labels, row[2])
	}
}
