package query

import (
	"slices"
	"strconv"

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

// keys resolves the order, with what it lacks of the primary key as tie-break
// where the query needs a total order: pages and relations.
func (b *builder) keys(q *Select) []orderKey {
	keys := b.room.keys[:0]
	for _, o := range q.Order {
		call := "Asc"
		if o.Desc {
			call = "Desc"
		}
		_, col, ok := b.resolve(call, o.Field)
		if !ok {
			continue
		}
		keys = append(keys, orderKey{column: col, desc: o.Desc})
	}
	if !q.Total && q.After == nil {
		return keys
	}
	desc := len(keys) > 0 && keys[len(keys)-1].desc
	for _, col := range q.Table.Key {
		if !slices.ContainsFunc(keys, func(k orderKey) bool { return k.column == col }) {
			keys = append(keys, orderKey{column: col, desc: desc})
		}
	}
	return keys
}
