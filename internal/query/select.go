package query

import (
	"slices"
	"strconv"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// Select is a query for whole rows of one table.
//
//   - Shape: Limit below zero is none. After holds one value for each key of
//     the order, a page's last row. Total adds the primary key as the last key
//     of the order, so that no two rows are equal in it. Deleted reads the rows
//     that are marked as deleted, too, of the table and of its relations.
type Select struct {
	Label string
	Table *model.Table
	Where []Predicate
	Order []Order
	After []any
	Limit int
	Total bool

	Deleted bool
}

// conditions are those of the query and the one that rows are not marked as
// deleted.
func (q *Select) conditions() []Predicate {
	if q.Deleted || q.Table.DeletedAt() < 0 {
		return q.Where
	}
	return append(slices.Clip(q.Where), Predicate{op: opLive, name: "Where"})
}

// live is the condition of that kind for the children of rel, behind qualifier.
func (b *builder) live(rel *model.Relation, qualifier string, deleted bool) {
	if i := rel.Child.DeletedAt(); i >= 0 && !deleted {
		b.WriteString(" AND " + qualifier)
		b.Ident(rel.Child.Columns[i].Name)
		b.WriteString(" IS NULL")
	}
}

// Rows is the statement that reads the rows.
func (q *Select) Rows() (Statement, error) {
	b := newBuilder(q.Label, q.Table, "")
	b.WriteString(q.Table.SelectFrom())
	b.tail(q)
	return b.statement()
}

// Count is the statement that counts the rows, limit included.
func (q *Select) Count() (Statement, error) {
	b := newBuilder(q.Label, q.Table, "")
	if q.Limit < 0 && q.After == nil {
		b.WriteString("SELECT count(*) FROM ")
		b.WriteString(q.Table.SQLName())
		b.where(q.conditions())
		return b.statement()
	}
	b.WriteString("SELECT count(*) FROM (SELECT 1 FROM ")
	b.WriteString(q.Table.SQLName())
	b.tail(q)
	b.WriteString(") AS counted")
	return b.statement()
}

// Exists is the statement that says whether there is a row.
func (q *Select) Exists() (Statement, error) {
	b := newBuilder(q.Label, q.Table, "")
	b.WriteString("SELECT EXISTS (SELECT 1 FROM ")
	b.WriteString(q.Table.SQLName())
	b.tail(q)
	b.WriteString(")")
	return b.statement()
}

// Children is the statement that reads the rows of rel whose parents are the
// rows of q, by key of the child.
func (q *Select) Children(rel *model.Relation) (Statement, error) {
	b := newBuilder(q.Label, q.Table, "")
	b.WriteString("SELECT ")
	b.WriteString(rel.Child.ChildList())
	b.WriteString("\nFROM ")
	b.WriteString(rel.Child.SQLName())
	b.WriteString(" AS c\nWHERE c.")
	b.Ident(rel.Child.Columns[rel.Column].Name)
	b.WriteString(" IN (SELECT ")
	b.Ident(q.Table.Columns[q.Table.Key].Name)
	b.WriteString(" FROM ")
	b.WriteString(q.Table.SQLName())
	b.tail(q)
	b.WriteString(")")
	b.live(rel, "c.", q.Deleted)
	b.WriteString("\nORDER BY c.")
	b.Ident(rel.Child.Columns[rel.Child.Key].Name)
	return b.statement()
}

// ChildrenSeen reads the key of every parent that it sees, followed by the columns
// of one of its children, or NULLs.
func (q *Select) ChildrenSeen(rel *model.Relation) (Statement, error) {
	b := newBuilder(q.Label, q.Table, "")
	b.WriteString("SELECT p.retort_key, ")
	b.WriteString(rel.Child.ChildList())
	b.WriteString("\nFROM (SELECT ")
	b.Ident(q.Table.Columns[q.Table.Key].Name)
	b.WriteString(" AS retort_key FROM ")
	b.WriteString(q.Table.SQLName())
	b.tail(q)
	b.WriteString(") AS p\nLEFT JOIN ")
	b.WriteString(rel.Child.SQLName())
	b.WriteString(" AS c ON c.")
	b.Ident(rel.Child.Columns[rel.Column].Name)
	b.WriteString(" = p.retort_key")
	b.live(rel, "c.", q.Deleted)
	b.WriteString("\nORDER BY c.")
	b.Ident(rel.Child.Columns[rel.Child.Key].Name)
	return b.statement()
}

// ChildrenOf reads the rows of rel that belong to the given parents, with deleted
// those that are marked as deleted, too.
func ChildrenOf(t *model.Table, parents []mapper.Object, rel *model.Relation, deleted bool) (Statement, error) {
	b := newBuilder("query.all", t, "")
	b.WriteString(rel.Child.SelectFrom())
	b.WriteString("\nWHERE ")
	b.Ident(rel.Child.Columns[rel.Column].Name)
	b.WriteString(" = ANY(")
	if err := t.Plan.AppendColumn(&b.args, parents, t.Key); err != nil {
		return Statement{}, err
	}
	b.oids = append(b.oids, t.Plan.ArrayOID(t.Key))
	b.Arg()
	b.WriteString(")")
	b.live(rel, "", deleted)
	b.WriteString("\nORDER BY ")
	b.Ident(rel.Child.Columns[rel.Child.Key].Name)
	return b.statement()
}

// Keys lists the columns of the order, the primary key included as a page needs
// it.
func (q *Select) Keys() ([]int, error) {
	b := newBuilder(q.Label, q.Table, "")
	total := *q
	total.Total = true
	var columns []int
	for _, k := range b.keys(&total) {
		columns = append(columns, k.column)
	}
	_, err := b.statement()
	return columns, err
}

// tail writes WHERE, ORDER BY and LIMIT.
func (b *builder) tail(q *Select) {
	keys := b.keys(q)
	b.wherePage(q, keys)
	if len(keys) > 0 {
		b.WriteString("\nORDER BY ")
	}
	for i, k := range keys {
		if i > 0 {
			b.WriteString(", ")
		}
		b.column(b.sources[0], k.column)
		if k.desc {
			b.WriteString(" DESC")
		}
	}
	if q.Limit >= 0 {
		b.WriteString("\nLIMIT ")
		b.WriteString(strconv.Itoa(q.Limit))
	}
}

type orderKey struct {
	column int
	desc   bool
}

// keys resolves the order, with the primary key as tie-break where the query
// needs a total order: pages and relations.
func (b *builder) keys(q *Select) []orderKey {
	keys := b.room.keys[:0]
	hasKey := false
	for _, o := range q.Order {
		call := "Asc"
		if o.Desc {
			call = "Desc"
		}
		_, col, ok := b.resolve(call, o.Field)
		if !ok {
			continue
		}
		hasKey = hasKey || col == q.Table.Key
		keys = append(keys, orderKey{column: col, desc: o.Desc})
	}
	if !hasKey && (q.Total || q.After != nil) {
		desc := len(keys) > 0 && keys[len(keys)-1].desc
		keys = append(keys, orderKey{column: q.Table.Key, desc: desc})
	}
	return keys
}
