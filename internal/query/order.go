package query

import "slices"

// orderKey is one resolved key: a column, an expression or a column of the result.
type orderKey struct {
	source *source // nil unless it is a column
	column int
	node   Node
	output string
	desc   bool
	nulls  Nulls
}

// keys resolves the order, with what it lacks of the primary key as tie-break
// where the query needs a total order: pages and relations.
func (b *builder) keys(q *Select) []orderKey {
	keys := b.room.keys[:0]
	if len(b.outer) > 0 {
		keys = nil // the room is that of the query around
	}
	for _, o := range q.Order {
		if k, ok := b.key(o); ok {
			keys = append(keys, k)
		}
	}
	if !q.Total && q.After == nil || q.Table == nil || len(q.Items)+len(q.Group) > 0 {
		return keys
	}
	if len(q.Order) == 0 {
		for _, n := range q.DistinctOn { // which the order must begin with
			keys = append(keys, orderKey{node: n})
		}
	}
	main := &b.sources[0]
	desc := len(keys) > 0 && keys[len(keys)-1].desc
	for _, col := range q.Table.Key {
		if !slices.ContainsFunc(keys, func(k orderKey) bool { return k.source == main && k.column == col }) {
			keys = append(keys, orderKey{source: main, column: col, desc: desc})
		}
	}
	return keys
}

// key resolves one key of the order.
func (b *builder) key(o Order) (orderKey, bool) {
	k := orderKey{node: o.Node, desc: o.Desc, nulls: o.Nulls}
	if !o.Node.empty() {
		return k, true
	}
	if b.outputs != nil {
		if col, _, ok := b.outputs.Table.Find(o.Field); ok && col >= 0 {
			k.output = b.outputs.Table.Columns[col].Name
			return k, true
		}
	}
	call := "Asc"
	if o.Desc {
		call = "Desc"
	}
	for i := range b.sources {
		if col, _, ok := b.sources[i].find(o.Field); ok && col >= 0 {
			k.source, k.column = &b.sources[i], col
			return k, true
		}
	}
	s, col, ok := b.resolve(call, o.Field)
	k.source, k.column = &s, col
	return k, ok
}

func (b *builder) orderBy(keys []orderKey) {
	if len(keys) > 0 {
		b.WriteString("\nORDER BY ")
	}
	for i, k := range keys {
		if i > 0 {
			b.WriteString(", ")
		}
		b.orderKey(k)
	}
}

func (b *builder) orderKey(k orderKey) {
	switch {
	case k.output != "":
		b.Ident(k.output)
	case !k.node.empty():
		b.hushed("OrderBy", func() { b.node("OrderBy", k.node) })
	default:
		b.column(*k.source, k.column)
	}
	if k.desc {
		b.WriteString(" DESC")
	}
	switch k.nulls {
	case NullsFirst:
		b.WriteString(" NULLS FIRST")
	case NullsLast:
		b.WriteString(" NULLS LAST")
	case NullsDefault:
	}
}
