package query

import (
	"slices"

	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/sqltext"
)

// Assign sets one column: to an expression, to a value encoded as the column, or
// to NULL.
type Assign struct {
	Call  string
	Field any
	Node  Node // empty: Value
	Value any
	Null  bool
}

// Write is an UPDATE or DELETE of all rows that conditions name.
//
//   - Shape: Kind is UPDATE or DELETE. DELETE of a table whose rows are marked as
//     deleted marks them, unless Purge.
type Write struct {
	Kind        string
	World       World
	Declaration any
	Set         []Assign
	Uses        []Source // tables that the conditions name, too
	Where       []Predicate
	All         bool // no condition is no mistake
	Deleted     bool
	Purge       bool
	Lifted      []string
	Returning   Returning
}

// Returning is what a writing statement gives back.
type Returning struct {
	Whole bool // the whole rows
	Items []Item
}

// target resolves the table that is written.
func (b *builder) target(call string, declaration any) (*model.Table, bool) {
	b.effects.Writes = true
	if b.world.ReadOnly != nil {
		b.errs = append(b.errs, b.world.ReadOnly)
		return nil, false
	}
	t := b.world.model(declaration)
	if t == nil {
		b.fail("%s: the table is not part of this engine's Base; add it to NewBase", call)
		return nil, false
	}
	if t.ReadOnly {
		b.fail("%s: table %q is declared read-only", call, t.Name())
		return nil, false
	}
	s := source{table: t}
	if len(b.outer) > 0 {
		s.qualifier = sqltext.Ident(t.Schema.Name) + "."
	}
	b.sources, b.entered, b.grouped = []source{s}, nil, false
	return t, true
}

func (w *Write) call() string {
	if w.Kind == "DELETE" {
		return "Delete"
	}
	return "Update"
}

func (w *Write) form(b *builder) []output {
	t, ok := b.target(w.call(), w.Declaration)
	if !ok {
		return make([]output, len(w.Returning.Items))
	}
	b.lifted = w.Lifted
	b.reads(t)
	if len(w.Uses) > 0 {
		b.sources[0].qualifier = sqltext.Ident(t.Schema.Name) + "."
	}
	for _, u := range w.Uses {
		b.add(u, nil, false, w.call())
	}
	if allEmpty(w.Where) && !w.All {
		b.fail("%s: no condition is left, so it would be for all rows of %q; add .Where(…), or say .AllRows() where that is meant; see docs/errors.md#no-condition", w.call(), t.Name())
	}
	set := w.Set
	if w.Kind == "DELETE" && t.DeletedAt() >= 0 && !w.Purge {
		set = []Assign{{Call: "Delete", Node: Text("now()", false)}}
	}
	if w.Kind == "DELETE" && len(set) == 0 {
		b.WriteString("DELETE FROM " + t.SQLName())
		b.uses(w, "\nUSING ")
	} else {
		b.WriteString("UPDATE " + t.SQLName() + "\nSET ")
		if w.Kind == "DELETE" {
			b.Ident(t.Columns[t.DeletedAt()].Name)
			b.WriteString(" = now()")
			b.touched(t, []int{t.DeletedAt()}, false)
		} else {
			b.assign(t, set)
		}
		b.uses(w, "\nFROM ")
	}
	where := append(slices.Clip(w.Where), b.guards(&b.sources[0], w.Deleted)...)
	for i := range w.Uses {
		where = append(where, b.guards(&b.sources[i+1], w.Deleted)...)
	}
	b.where(where)
	return b.returning(w.Returning)
}

func (b *builder) uses(w *Write, word string) {
	for i, u := range w.Uses {
		if i > 0 {
			word = ", "
		}
		b.WriteString(word)
		b.writeSource(u, i+1)
	}
}

// assign writes what SET does, and what every UPDATE sets by itself.
func (b *builder) assign(t *model.Table, set []Assign) {
	var done []int
	if len(set) == 0 {
		b.fail("Update: nothing is set; pass retort.Set(&c.Field, value)")
	}
	for _, a := range set {
		s, col, ok := b.resolve(a.Call, a.Field)
		if !ok {
			continue
		}
		switch {
		case s.table != t:
			b.fail("%s: column %q is not of the table that is written, %q", a.Call, s.table.Columns[col].Name, t.Name())
			continue
		case slices.Contains(done, col):
			b.fail("%s: column %q is set twice", a.Call, t.Columns[col].Name)
			continue
		case t.Columns[col].Fixed || t.Columns[col].Generated:
			b.fail("%s: column %q is a key or made by the database and never changes", a.Call, t.Columns[col].Name)
			continue
		}
		if len(done) > 0 {
			b.WriteString(", ")
		}
		done = append(done, col)
		b.Ident(t.Columns[col].Name)
		b.WriteString(" = ")
		switch {
		case a.Null:
			if t.Schema.Columns[col].NotNull {
				b.fail("%s: column %q is NOT NULL", a.Call, t.Columns[col].Name)
			}
			b.WriteString("NULL")
		case !a.Node.empty():
			first := len(b.args.Values)
			b.nodeBeside(a.Call, a.Node, facts{table: t, col: col})
			if t.Plan.Secret(col) {
				b.args.HideFrom(first)
			}
		default:
			b.value(a.Call, s, col, a.Value)
		}
	}
	b.touched(t, done, len(done) == 0)
}

// touched writes what an UPDATE sets by itself: version, updated_at, columns that
// the program's clock stamps.
func (b *builder) touched(t *model.Table, done []int, first bool) {
	for i, c := range t.Columns {
		stamped := c.Stamp == model.StampWrite
		if c.OnUpdate == "" && !stamped || c.Generated || slices.Contains(done, i) {
			continue
		}
		if !first {
			b.WriteString(", ")
		}
		first = false
		b.Ident(c.Name)
		b.WriteString(" = ")
		switch {
		case stamped:
			b.value("Update", source{table: t}, i, b.moment())
		case i == t.Version:
			b.column(source{table: t, qualifier: sqltext.Ident(t.Schema.Name) + "."}, i)
			b.WriteString(" + 1")
		default:
			b.WriteString(c.OnUpdate)
			if len(c.OnUpdate) > 1 && containsComment(c.OnUpdate) {
				b.WriteString("\n")
			}
		}
	}
}

func containsComment(sql string) bool {
	for i := 0; i+1 < len(sql); i++ {
		if sql[i] == '-' && sql[i+1] == '-' {
			return true
		}
	}
	return false
}

func (b *builder) returning(r Returning) []output {
	if !r.Whole && len(r.Items) == 0 {
		return nil
	}
	b.WriteString("\nRETURNING ")
	if r.Whole {
		return b.wholeRow(&b.sources[0])
	}
	return b.items(&Select{Items: r.Items})
}
