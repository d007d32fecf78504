package query

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/retort-go/retort/internal/model"
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

// ErrBookmark says that what [Bookmark] holds is not of the query's order.
var ErrBookmark = errors.New("retort: Resume: these are no bookmark of this query's order; take it from Bookmark of the same query, and begin at the first page where a client has others; see docs/errors.md#bookmark")

// Bookmark stands for the values of After: a json array of the order and of them.
type Bookmark []byte

// Key is one key of a page's order.
type Key struct {
	Column int
	Desc   bool
}

// NewBookmark keeps values with the order that they are a position in.
func NewBookmark(table *model.Table, order []Key, values []json.RawMessage) (Bookmark, error) {
	name, err := json.Marshal(orderName(table, order))
	if err != nil {
		return nil, err
	}
	return json.Marshal(append([]json.RawMessage{name}, values...))
}

// orderName tells orders apart: the same values are another place in another one.
func orderName(table *model.Table, order []Key) string {
	names := make([]string, len(order))
	for i, k := range order {
		names[i] = "+" + table.Columns[k.Column].Name
		if k.Desc {
			names[i] = "-" + table.Columns[k.Column].Name
		}
	}
	return strings.Join(names, ",")
}

// bookmark reads the values in the types of the keys.
func (b *builder) bookmark(q *Select, mark Bookmark, keys []orderKey) ([]any, bool) {
	order := make([]Key, len(keys))
	for i, k := range keys {
		if k.source != &b.sources[0] {
			b.fail("Resume: a page is ordered by columns of its own table, %s", q.Table.Type)
			return nil, false
		}
		order[i] = Key{k.column, k.desc}
	}
	values, err := mark.values(q.Table, order)
	if err != nil {
		b.errs = append(b.errs, err)
	}
	return values, err == nil
}

func (mark Bookmark) values(table *model.Table, order []Key) ([]any, error) {
	var texts []json.RawMessage
	var name string
	if json.Unmarshal(mark, &texts) != nil || len(texts) != 1+len(order) || json.Unmarshal(texts[0], &name) != nil || name != orderName(table, order) {
		return nil, ErrBookmark
	}
	values := make([]any, len(order))
	for i, k := range order {
		v := reflect.New(table.Plan.GoType(k.Column))
		if !setOddFloat(v.Elem(), texts[1+i]) && json.Unmarshal(texts[1+i], v.Interface()) != nil {
			return nil, ErrBookmark
		}
		values[i] = v.Elem().Interface()
	}
	return values, nil
}

// OddFloat writes a float that json has no number for, as text.
func OddFloat(v any) (text json.RawMessage, odd bool) {
	f := reflect.ValueOf(v)
	if !f.CanFloat() || !math.IsNaN(f.Float()) && !math.IsInf(f.Float(), 0) {
		return nil, false
	}
	return json.RawMessage(strconv.Quote(strconv.FormatFloat(f.Float(), 'g', -1, 64))), true
}

// setOddFloat reads what OddFloat writes, and no text of a type's own.
func setOddFloat(v reflect.Value, text json.RawMessage) bool {
	if !v.CanFloat() {
		return false
	}
	for _, f := range [...]float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if odd, _ := OddFloat(f); bytes.Equal(odd, text) {
			v.SetFloat(f)
			return true
		}
	}
	return false
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
