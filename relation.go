package retort

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/unitofwork"
)

// Relation is a relation field as queries take it: a pointer to a field of a
// table's C of type [Many] or [One], or [Load] of one with conditions.
type Relation interface{ loading() Loading }

// Many is a relation of a model to any number of rows of another table, as
// [HasMany], [ManyToMany] and [ManyThrough] declare it. It never does I/O by
// itself: it is empty until a query loads it, with [Query.With] or
// [LoadRelated]. What Append, Remove and Replace change is written by the
// next flush of the session that has the object.
//
//   - Shape: in JSON a loaded relation is an array; one that was not loaded is
//     null, or absent with the tag `json:"name,omitzero"`. The relation of a new
//     object holds what was appended to it.
//   - Concurrency: as the object that holds it.
type Many[T any] struct{ in unitofwork.Many }

// ManyOf is a relation that holds rows, for the literal of a new object:
//
//	&Order{Lines: retort.ManyOf(&Line{Article: "tea"}, &Line{Article: "cup"})}
func ManyOf[T any](rows ...*T) Many[T] {
	var m Many[T]
	m.in.Hold(objectsOf(rows))
	return m
}

func objectsOf[T any](rows []*T) []mapper.Object {
	objects := make([]mapper.Object, len(rows))
	for i, r := range rows {
		objects[i] = mapper.ObjectAt(r)
	}
	return objects
}

// Loaded tells whether the relation has its rows.
func (m *Many[T]) Loaded() bool {
	_, loaded := m.in.Rows()
	return loaded
}

// All returns the rows: as the relation or the query orders them, by primary
// key without an order, and behind them what was appended.
//
//   - Shape: empty and not nil when there are none; not to be changed in place.
//   - Errors: [ErrNotLoaded], naming the call that loads it.
func (m *Many[T]) All() ([]*T, error) {
	rows, loaded := m.in.Rows()
	if !loaded {
		return nil, notLoaded("All", m.in.Name(), "[]"+nameOf[T]())
	}
	if rows == nil {
		return []*T{}, nil
	}
	return mapper.Pointers[T](rows), nil
}

// Append adds rows to the relation. Their reference to this object is set, for
// a new object with a server-made key as soon as the key is back; rows that are
// new are added to the session with it. A row that another object of the
// session had leaves that one's relation. The relation need not be loaded. It
// does no I/O.
//
//   - Errors: nil; an object that is detached or deleted; the field of a table's C.
func (m *Many[T]) Append(rows ...*T) error { return m.in.Append(objectsOf(rows)) }

// Remove takes rows out of the relation. What becomes of them is the relation's
// [RelationDef.OnRemove]; of a many-to-many it is the row in between that goes.
// It does no I/O.
//
//   - Errors: [ErrNotLoaded] when it is not known whether the relation has the row;
//     a row that it does not have; as of Append.
func (m *Many[T]) Remove(rows ...*T) error {
	return m.change("Remove", m.in.Remove(objectsOf(rows)))
}

// Replace makes the relation hold rows and no others, in that order: it removes
// what is not among them, and appends what it did not have. It does no I/O.
//
//   - Errors: [ErrNotLoaded] when the relation was not loaded, or only in part; as
//     of Append.
func (m *Many[T]) Replace(rows ...*T) error {
	return m.change("Replace", m.in.Replace(objectsOf(rows)))
}

func (m *Many[T]) change(call string, err error) error {
	if errors.Is(err, unitofwork.ErrNotLoaded) {
		return notLoaded(call, m.in.Name(), "[]"+nameOf[T]())
	}
	return err
}

// IsZero tells whether the relation was not loaded; it makes omitzero leave it
// out of JSON.
func (m *Many[T]) IsZero() bool { return !m.Loaded() }

// MarshalJSON writes the loaded rows, or null.
//
//   - Errors: rows that hold each other and would never end.
func (m Many[T]) MarshalJSON() ([]byte, error) {
	rows, loaded := m.in.Rows()
	if !loaded {
		return []byte("null"), nil
	}
	if rows == nil {
		return []byte("[]"), nil
	}
	if err := m.in.Endless(); err != nil {
		return nil, fmt.Errorf("retort: %w", err)
	}
	return json.Marshal(mapper.Pointers[T](rows))
}

func (m *Many[T]) loading() Loading { return Loading{field: m} }

// mark tells the field of a stand-in from those of rows.
func (m *Many[T]) mark() { m.in.StandIn() }

// relationField tells relation fields from columns.
type relationField interface {
	Relation
	mark()
}

func nameOf[T any]() string {
	var t T
	return fmt.Sprintf("%T", t)
}

// notLoaded is ErrNotLoaded with the call that is missing.
func notLoaded(call, name, what string) error {
	if name == "" {
		name = what
	}
	return fmt.Errorf("%w: %s of %s; add .With(&Table.C.Field) to the query that reads the objects, or call retort.LoadRelated(ctx, s, objects, &Table.C.Field)",
		ErrNotLoaded, call, name)
}
