package query

import (
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/sqltext"
)

// Insert is an INSERT of objects or of the rows of a query.
type Insert struct {
	World       World
	Declaration any
	Objects     []mapper.Object // of the table's plan
	Source      *Select         // in place of Objects; its items go into Targets
	Targets     []any
	Conflict    *Conflict
	Returning   Returning
}

// Conflict is ON CONFLICT: without Set it does nothing.
//
//   - Shape: Whole sets all columns that the INSERT writes, those of Set as it says;
//     without Fields they are those of the primary key then.
type Conflict struct {
	Whole    bool
	Fields   []any
	Where    []Predicate // of the partial index
	Set      []Assign
	SetWhere []Predicate
}

// Creates tells whether all rows that come back are new ones.
func (in *Insert) Creates() bool {
	return in.Conflict == nil || !in.Conflict.Whole && len(in.Conflict.Set) == 0
}

// excluded is how an INSERT calls the row that met another one.
const excluded = "excluded."

// largest is how many parameters a statement can have.
const largest = 65535

func (in *Insert) form(b *builder) []output {
	t, ok := b.target("Insert", in.Declaration)
	if !ok {
		return make([]output, len(in.Returning.Items))
	}
	b.WriteString("INSERT INTO " + t.SQLName() + " (")
	if in.Source != nil {
		b.insertRows(t, in)
	} else {
		b.insertObjects(t, in)
	}
	b.conflict(t, in)
	return b.returning(in.Returning)
}

func (b *builder) insertObjects(t *model.Table, in *Insert) {
	columns := t.InsertColumns()
	if len(columns) == 0 { // DEFAULT VALUES would be one row
		b.list(t, "", t.Key[:1])
		b.WriteString(")\nVALUES (DEFAULT)" + strings.Repeat(", (DEFAULT)", max(len(in.Objects), 1)-1))
		return
	}
	b.list(t, "", columns)
	b.WriteString(")\nVALUES ")
	if n := len(columns) * len(in.Objects); n > largest {
		b.fail("Insert: %d rows of %d columns are %d parameters, and a statement can have %d; send fewer at once, or use CopyIn", len(in.Objects), len(columns), n, largest)
		return
	}
	for i, o := range in.Objects {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("(")
		for k, col := range columns {
			if k > 0 {
				b.WriteString(", ")
			}
			if err := t.Plan.Append(&b.args, o, col); err != nil {
				b.errs = append(b.errs, nilHint("Insert", err))
				continue
			}
			b.bind(t.Plan.OID(col))
		}
		b.WriteString(")")
	}
}

func (b *builder) insertRows(t *model.Table, in *Insert) {
	var columns []int
	var written []string
	for _, field := range in.Targets {
		_, col, ok := b.resolve("InsertFrom", field)
		switch {
		case !ok:
			continue
		case slices.Contains(columns, col):
			b.fail("InsertFrom: column %q is filled twice", t.Columns[col].Name)
		case t.Columns[col].Generated:
			b.fail("InsertFrom: column %q is made by the database", t.Columns[col].Name)
		}
		columns = append(columns, col)
		written = append(written, t.Columns[col].Name)
	}
	for i, c := range t.Columns {
		if c.KeyMaker != nil && !slices.Contains(columns, i) && t.Schema.Columns[i].Default == "" {
			b.fail("InsertFrom: the program makes column %q for objects, and rows of a query have none; fill it, as by retort.Into(&c.%s, retort.Fragment[uuid.UUID](\"gen_random_uuid()\").NotNull())", c.Name, t.Plan.Column(i).Field.Path)
		}
	}
	sel := *in.Source
	sel.Items = slices.Clone(sel.Items)
	for i := range sel.Items {
		if i < len(columns) {
			sel.Items[i].Node = beside("InsertFrom", sel.Items[i].Node, t, columns[i])
			sel.Items[i].Path = t.Plan.Column(columns[i]).Field.Path
			sel.Items[i].Nullable = !t.Schema.Columns[columns[i]].NotNull
		}
	}
	b.Idents(written, ", ")
	b.stampedNames(t, columns)
	b.WriteString(")\n")
	for i, c := range t.Columns {
		if c.Stamp != model.NoStamp && !slices.Contains(columns, i) {
			sel.Items = append(sel.Items, Item{Call: "InsertFrom", Nullable: true, Node: Node{write: func(b *builder) facts {
				b.value("InsertFrom", source{table: t}, i, b.moment())
				return facts{}
			}}})
		}
	}
	b.nested(func() { sel.form(b) })
}

func (b *builder) stampedNames(t *model.Table, columns []int) {
	for i, c := range t.Columns {
		if c.Stamp != model.NoStamp && !slices.Contains(columns, i) {
			b.WriteString(", ")
			b.Ident(c.Name)
		}
	}
}

func (b *builder) conflict(t *model.Table, in *Insert) {
	c := in.Conflict
	if c == nil {
		return
	}
	if c.Whole {
		c = b.wholeConflict(t, in)
	}
	b.WriteString("\nON CONFLICT")
	for i, f := range c.Fields {
		s, col, ok := b.resolve("OnConflict", f)
		if !ok {
			continue
		}
		if i == 0 {
			b.WriteString(" (")
		} else {
			b.WriteString(", ")
		}
		s.qualifier = ""
		b.column(s, col)
	}
	if len(c.Fields) > 0 {
		b.WriteString(")")
		b.constants(func() { b.where(c.Where) })
	}
	if len(c.Set) == 0 {
		b.WriteString("\nDO NOTHING")
		return
	}
	if len(c.Fields) == 0 {
		b.fail("DoUpdate: say which unique columns may meet, as in .OnConflict(&c.Email)")
	}
	b.WriteString("\nDO UPDATE SET ")
	// Both rows are in sight; the one that is there goes by the table's name.
	b.sources[0].qualifier = sqltext.Ident(t.Schema.Name) + "."
	b.assign(t, c.Set)
	where := append(slices.Clip(c.SetWhere), b.guards(&b.sources[0], false)...)
	b.where(where)
}

// wholeConflict spells out what Whole means.
func (b *builder) wholeConflict(t *model.Table, in *Insert) *Conflict {
	own := *in.Conflict
	own.Set = slices.Clip(own.Set)
	named := func(call string, fields ...any) (columns []int) {
		for _, f := range fields {
			if _, col, ok := b.resolve(call, f); ok {
				columns = append(columns, col)
			}
		}
		return columns
	}
	done := named("Upsert", own.Fields...)
	if len(own.Fields) == 0 {
		for _, col := range t.Key {
			own.Fields = append(own.Fields, t.Pointer(col))
			done = append(done, col)
		}
	}
	for _, a := range own.Set {
		done = append(done, named(a.Call, a.Field)...)
	}
	written := t.InsertColumns()
	if in.Source != nil {
		written = named("InsertFrom", in.Targets...)
	}
	for _, col := range written {
		if t.Columns[col].Fixed || t.Columns[col].OnUpdate != "" || t.Columns[col].Stamp != model.NoStamp || slices.Contains(done, col) {
			continue
		}
		field := t.Pointer(col)
		own.Set = append(own.Set, Assign{Call: "Upsert", Field: field, Node: Excluded(field)})
	}
	return &own
}

// Excluded is a column of the row that could not be inserted.
//
//go:noinline
func Excluded(field any) Node {
	return Node{like: likeField(field), write: func(b *builder) facts {
		s, col, ok := b.resolve("Excluded", field)
		if !ok {
			return facts{}
		}
		f := s.facts(col)
		s.qualifier = excluded
		b.column(s, col)
		return f
	}}
}
