package query

import (
	"reflect"
	"slices"

	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/sqltext"
)

// Filter is a condition on one table that every query of a session carries,
// unless the query lifts it by its name.
type Filter struct {
	Name        string
	Declaration any // of the table
	Where       Predicate
}

// Deleted is the name of the filter that leaves out rows marked as deleted.
const Deleted = "deleted"

var emptyType = reflect.TypeFor[struct{}]()

type qualified = sqltext.Builder

// guards are the conditions that the filters put on a source.
func (b *builder) guards(s *source, deleted bool) []Predicate {
	if s.rows != nil {
		return nil // its statement has them inside
	}
	var out []Predicate
	if s.table.DeletedAt() >= 0 && !deleted && !slices.Contains(b.lifted, Deleted) {
		out = append(out, b.guard(s, Predicate{op: opLive, name: "Where"}))
	}
	for _, f := range b.world.Filters {
		if slices.Contains(b.lifted, f.Name) || b.world.model(f.Declaration) != s.table {
			continue
		}
		out = append(out, b.guard(s, f.Where))
	}
	return out
}

// guard is a condition that names its columns by the table's own C, whatever
// the source is called in the query.
func (b *builder) guard(s *source, p Predicate) Predicate {
	own := []source{{table: s.table, qualifier: s.qualifier}}
	return Predicate{op: opNode, name: p.name, node: Node{write: func(b *builder) facts {
		sources, outer := b.sources, b.outer
		b.sources, b.outer = own, nil
		if len(outer) > 0 { // subqueries inside are nested as deep as they stand
			b.outer = make([][]source, len(outer))
		}
		b.predicate(p)
		b.sources, b.outer = sources, outer
		return facts{}
	}}}
}

// Empty tells whether p is no condition.
func Empty(p Predicate) bool { return p.empty() }

// ByKey reads the row with a primary key, if the filters let it through.
func ByKey(t *model.Table, key any, w World, label string) (Statement, error) {
	values, several := key.(model.Key)
	if !several {
		values = model.Key{key}
	}
	q := &Select{Label: label, Table: t, Limit: -1, World: w}
	for i, col := range t.Key {
		if i < len(values) {
			q.Where = append(q.Where, Compare("Eq", t.Pointer(col), values[i]))
		}
	}
	return q.Rows()
}
