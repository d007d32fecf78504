package retort

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/query"
)

// Query reads rows of one table as values of T.
//
//   - Shape: never changed: every call returns a new one and leaves the old as it was.
//     The values in its conditions are read when it runs.
//   - Concurrency: safe for many goroutines, as it is never changed.
type Query[T any] rowQuery

// rowQuery is what does not depend on T; see bulk.
type rowQuery struct {
	of      *declaration // nil for no table
	goType  reflect.Type // T
	where   []Predicate
	order   []Order
	after   []any
	with    []Relation
	limit   int
	limited bool
	deleted bool
	more    *clauses // what few queries have; never changed once it is here
}

// core is q without its type.
func (q *Query[T]) core() *rowQuery {
	if q == nil {
		return &rowQuery{goType: reflect.TypeFor[T]()}
	}
	return (*rowQuery)(q)
}

// clone is a copy that can be changed.
func (q *Query[T]) clone() *Query[T] { return (*Query[T])(q.core().clone()) }

//go:noinline
func (q *rowQuery) clone() *rowQuery {
	own := *q
	return &own
}

// Query starts a query for all rows.
func (t *Table[T]) Query() *Query[T] {
	return &Query[T]{of: t.declaration(), goType: reflect.TypeFor[T]()}
}

// Where starts a query for the rows for which all of ps hold.
func (t *Table[T]) Where(ps ...Predicate) *Query[T] { return t.Query().Where(ps...) }

// OrderBy starts a query for all rows in that order.
func (t *Table[T]) OrderBy(keys ...Order) *Query[T] { return t.Query().OrderBy(keys...) }

// With starts a query for all rows with a relation; see [Query.With].
func (t *Table[T]) With(relations ...Relation) *Query[T] { return t.Query().With(relations...) }

// Where adds conditions; all of them must hold.
func (q *Query[T]) Where(ps ...Predicate) *Query[T] {
	q = q.clone()
	q.where = appended(q.where, ps)
	return q
}

// OrderBy adds keys to the order.
func (q *Query[T]) OrderBy(keys ...Order) *Query[T] {
	q = q.clone()
	q.order = appended(q.order, keys)
	return q
}

// appended is a longer list that shares nothing that is written later.
//
//go:noinline
func appended[E any](list, more []E) []E { return append(slices.Clip(list), more...) }

// Limit reads at most n rows; 0 reads none. With an order, the primary key
// becomes its last key, so that rows which are equal in it have a place.
//
//   - Errors: n below zero, when the query runs.
func (q *Query[T]) Limit(n int) *Query[T] {
	q = q.clone()
	q.limit, q.limited = n, true
	return q
}

// WithDeleted reads rows that are marked as deleted, too, of the table and of
// the relations that the query loads; see [SoftDelete].
func (q *Query[T]) WithDeleted() *Query[T] {
	q = q.clone()
	q.deleted = true
	return q
}

// With loads relations with the rows, in the same round trip and from the same
// snapshot: &c.History for a field of type [Many] or [One], or [Load] of it with
// conditions or relations of its own.
//
//   - Shape: inside a transaction at READ COMMITTED, relations of relations cost a
//     round trip for each level.
func (q *Query[T]) With(relations ...Relation) *Query[T] {
	q = q.clone()
	q.with = append(slices.Clip(q.with), relations...)
	return q
}

// After continues behind the row whose values of the order's keys are given: the
// next page. The primary key is the last key of the order, added if it is not
// there, in the direction of the key before it. Take the values from
// [Query.Position].
//
//   - Shape: one value for each key, of the Go type of its field. What travels as
//     JSON in between is decoded into those types again, a time into a time.Time;
//     a cursor from outside is then checked before it comes here.
//   - Errors: a wrong number or type of values, a key that may be NULL; when the
//     query runs.
func (q *Query[T]) After(values ...any) *Query[T] {
	q = q.clone()
	q.after = append([]any{}, values...)
	return q
}

// Position gives the values for [Query.After] that continue behind row.
//
//   - Errors: a query without an order has no pages, and an order by a column that
//     may be NULL, or is not of the query's own table, has none either.
func (q *Query[T]) Position(s *Session, row *T) ([]any, error) {
	return q.core().position(s, row)
}

func (q *rowQuery) position(s *Session, row any) ([]any, error) {
	_, _, values, err := q.positionIn(s, row)
	return values, err
}

// positionIn tells the keys of the order, too, as columns of the table t.
func (q *rowQuery) positionIn(s *Session, row any) (t *model.Table, keys []query.Key, values []any, err error) {
	t, err = q.of.tableOf(s, q.goType)
	if err != nil {
		return nil, nil, nil, err
	}
	if len(q.order) == 0 && (q.more == nil || !q.more.total) {
		return nil, nil, nil, fmt.Errorf("retort: Position: the query has no order and so no next page; add .OrderBy(retort.Asc(&%s.C.%s))", t.Type.Name(), t.KeyField())
	}
	o, ok := t.Plan.ObjectOf(row)
	if !ok {
		return nil, nil, nil, fmt.Errorf("retort: Position: got a nil %T", row)
	}
	sel := q.compiled(t, "query.position")
	sel.World = s.world()
	if keys, err = sel.Keys(); err != nil {
		return nil, nil, nil, err
	}
	for _, k := range keys {
		values = append(values, t.Plan.Value(o, k.Column))
	}
	return t, keys, values, nil
}

// ByKey orders by the primary key, behind the keys of the order that are there.
func (q *Query[T]) ByKey() *Query[T] { return q.clauses(q.core().more.byKey()) }

// Bookmark is [Query.Position] as bytes, for [Query.Resume]: what a cursor carries.
// They hold the order's columns and values of the row in plain sight; sign them, and
// encrypt them where that matters. web.Paginate signs.
//
//   - Errors: as [Query.Position].
func (q *Query[T]) Bookmark(s *Session, row *T) ([]byte, error) {
	return q.core().bookmark(s, row)
}

func (q *rowQuery) bookmark(s *Session, row any) ([]byte, error) {
	t, keys, values, err := q.positionIn(s, row)
	if err != nil {
		return nil, err
	}
	texts := make([]json.RawMessage, len(values))
	for i, v := range values {
		if texts[i], err = bookmarked(t, keys[i].Column, v); err != nil {
			return nil, err
		}
	}
	return query.NewBookmark(t, keys, texts)
}

// bookmarked writes a value of the column as json that gives it back: else the page
// behind it would begin anywhere.
func bookmarked(t *model.Table, col int, v any) ([]byte, error) {
	if text, odd := query.OddFloat(v); odd {
		return text, nil
	}
	given, back := reflect.New(reflect.TypeOf(v)), reflect.New(reflect.TypeOf(v))
	given.Elem().Set(reflect.ValueOf(v)) // for methods on the pointer
	text, err := json.Marshal(given.Interface())
	if err == nil {
		err = json.Unmarshal(text, back.Interface())
	}
	_, asItIs := v.(json.RawMessage) // which may lose its blanks
	same := err == nil
	if same && !asItIs {
		was, errWas := t.Plan.KeyOf(col, v)
		is, errIs := t.Plan.KeyOf(col, back.Elem().Interface())
		same = errWas == nil && errIs == nil && was == is
	}
	if !same {
		return nil, fmt.Errorf("retort: Bookmark: column %q has a %T that does not come back from json as it was; give its type MarshalJSON and UnmarshalJSON, or order by another column",
			t.Plan.Column(col).Name, v)
	}
	return text, nil
}

// Resume is [Query.After] the row of a [Query.Bookmark].
//
//   - Errors: [ErrBookmark] for bytes that are no bookmark of this order, when the
//     query runs.
func (q *Query[T]) Resume(bookmark []byte) *Query[T] {
	q = q.clone()
	q.after = []any{query.Bookmark(bookmark)}
	return q
}

func (q *rowQuery) compiled(t *model.Table, label string) *query.Select {
	limit := -1
	if q.limited {
		limit = q.limit
	}
	sel := &query.Select{
		Label: label, Table: t, Where: q.where, Order: q.order, After: q.after, Limit: limit,
		Total: len(q.with) > 0 || q.after != nil || q.limited && len(q.order) > 0, Deleted: q.deleted,
	}
	if q.of != nil && q.of.other != nil {
		sel.From = q.of.source()
	}
	q.more.add(sel)
	return sel
}

// form is the query as a part of another one.
func (q *rowQuery) form() *query.Select {
	sel := q.compiled(nil, "")
	if q.of == nil {
		return sel
	}
	sel.From = q.of.source()
	return sel
}

// prepare checks what the types cannot.
func (q *rowQuery) prepare(s *Session, label string) (*query.Select, []*loader, error) {
	t, err := q.of.tableOf(s, q.goType)
	if err != nil {
		return nil, nil, err
	}
	if q.limited && q.limit < 0 {
		return nil, nil, fmt.Errorf("retort: Limit(%d): a limit is 0 or more", q.limit)
	}
	sel := q.compiled(t, label)
	sel.World = s.world()
	relations, err := s.loaders(t, sel.From.StandIn, q.with, q.deleted, sel.Lifted)
	if err != nil {
		return nil, nil, err
	}
	return sel, relations, q.more.check()
}
