package query

import (
	"encoding/json"
	"reflect"
)

// wherePage writes WHERE with the conditions of q and, on a page after the
// first, the condition that a row comes behind the last one seen.
func (b *builder) wherePage(q *Select, keys []orderKey) {
	where := b.conditions(q)
	if q.After == nil {
		b.where(where)
		return
	}
	if q.Table == nil {
		b.fail("After: pages need a table, and this query reads the rows of a statement")
		return
	}
	if len(q.After) == 1 {
		if mark, ok := q.After[0].(Bookmark); ok {
			own := *q
			if own.After, ok = b.bookmark(&own, mark, keys); !ok {
				return
			}
			q = &own
		}
	}
	if len(q.After) != len(keys) {
		b.fail("After: got %d values for %d keys of the order (the primary key counts, as the last one); take them from Position", len(q.After), len(keys))
		return
	}
	if !b.pageable("After", q, keys) {
		return
	}
	b.WriteString("\nWHERE ")
	if !allEmpty(where) {
		b.joined(where, " AND ")
		b.WriteString(" AND ")
	}
	if sameDirection(keys) {
		b.rowComparison(q.After, keys)
	} else {
		b.mixedComparison(q.After, keys)
	}
}

// pageable refuses keys that cannot tell where a page begins.
func (b *builder) pageable(call string, q *Select, keys []orderKey) bool {
	for _, k := range keys {
		if k.source != &b.sources[0] || k.nulls != NullsDefault {
			b.fail("%s: a page is ordered by columns of its own table, %s, with NULLs in their usual place", call, q.Table.Type)
			return false
		}
		if !q.Table.Schema.Columns[k.column].NotNull {
			b.fail("%s: column %q may be NULL and cannot be a key of a page; order by columns that are NOT NULL", call, q.Table.Columns[k.column].Name)
			return false
		}
	}
	return true
}

// Bookmark stands for the values of After: a json array of them.
type Bookmark []byte

// bookmark reads the values in the types of the keys.
func (b *builder) bookmark(q *Select, mark Bookmark, keys []orderKey) ([]any, bool) {
	var texts []json.RawMessage
	if json.Unmarshal(mark, &texts) != nil || len(texts) != len(keys) {
		b.fail("Resume: these are no bookmark of this query's order; take it from Bookmark of the same query")
		return nil, false
	}
	values := make([]any, len(keys))
	for i, k := range keys {
		if k.source != &b.sources[0] {
			b.fail("Resume: a page is ordered by columns of its own table, %s", q.Table.Type)
			return nil, false
		}
		v := reflect.New(q.Table.Plan.GoType(k.column))
		if json.Unmarshal(texts[i], v.Interface()) != nil {
			b.fail("Resume: these are no bookmark of this query's order; take it from Bookmark of the same query")
			return nil, false
		}
		values[i] = v.Elem().Interface()
	}
	return values, true
}

func sameDirection(keys []orderKey) bool {
	for _, k := range keys {
		if k.desc != keys[0].desc {
			return false
		}
	}
	return true
}

func behind(k orderKey) string {
	if k.desc {
		return " < "
	}
	return " > "
}

// rowComparison is (a, b) > ($1, $2): one range of an index over (a, b).
func (b *builder) rowComparison(after []any, keys []orderKey) {
	s := b.sources[0]
	b.WriteString("(")
	for i, k := range keys {
		if i > 0 {
			b.WriteString(", ")
		}
		b.column(s, k.column)
	}
	b.WriteString(")" + behind(keys[0]) + "(")
	for i, k := range keys {
		if i > 0 {
			b.WriteString(", ")
		}
		b.value("After", s, k.column, after[i])
	}
	b.WriteString(")")
}

// mixedComparison spells out a < $1 OR (a = $1 AND b > $2) for keys of both
// directions, which a row comparison cannot say.
func (b *builder) mixedComparison(after []any, keys []orderKey) {
	s := b.sources[0]
	b.WriteString("(")
	for i, k := range keys {
		if i > 0 {
			b.WriteString(" OR ")
		}
		b.WriteString("(")
		for j, equal := range keys[:i] {
			b.column(s, equal.column)
			b.WriteString(" = ")
			b.value("After", s, equal.column, after[j])
			b.WriteString(" AND ")
		}
		b.column(s, k.column)
		b.WriteString(behind(k))
		b.value("After", s, k.column, after[i])
		b.WriteString(")")
	}
	b.WriteString(")")
}
