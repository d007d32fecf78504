package retort

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/unitofwork"
)

// One is a relation of a model to one row of another table, or to none, as
// [BelongsTo] and [HasOne] declare it. It never does I/O by itself.
//
//   - Shape: in JSON the row, or null when there is none; null also when nobody
//     asked for it, or absent with the tag `json:"name,omitzero"`; as Get follows a
//     reference, so does JSON. A row that is known from its other end alone is not
//     shown: it would be shown in itself.
//   - Concurrency: as the object that holds it.
type One[T any] struct{ in unitofwork.One }

// OneOf is a relation that holds row, for the literal of a new object:
//
//	&Line{Order: retort.OneOf(order)}
func OneOf[T any](row *T) One[T] {
	var r One[T]
	_ = r.in.Set(mapper.ObjectAt(row)) // no object has it yet
	return r
}

// Loaded tells whether Get has an answer.
func (r *One[T]) Loaded() bool {
	_, known := r.in.Get()
	return known
}

// Get returns the row, nil when there is none. What a [BelongsTo] refers to is
// known without a query when its columns are NULL, or when the session has the
// row already; a reference that was changed by its columns is followed there.
//
//   - Errors: [ErrNotLoaded], naming the call that loads it.
func (r *One[T]) Get() (*T, error) {
	o, known := r.in.Get()
	if !known {
		return nil, notLoaded("Get", r.in.Name(), nameOf[T]())
	}
	return mapper.At[T](o), nil
}

// Set makes the relation hold row, nil for none. The reference is set, for a row
// with a server-made key as soon as the key is back; a row that is new is added
// to the session with it. What a [HasOne] held before is removed by its
// [RelationDef.OnRemove]. A [BelongsTo] need not be loaded. It does no I/O.
//
//   - Errors: nil where the reference cannot be NULL; [ErrNotLoaded] of a HasOne; an
//     object that is detached or deleted; the field of a table's C.
func (r *One[T]) Set(row *T) error {
	err := r.in.Set(mapper.ObjectAt(row))
	if errors.Is(err, unitofwork.ErrNotLoaded) {
		return notLoaded("Set", r.in.Name(), nameOf[T]())
	}
	return err
}

// IsZero tells whether nobody asked for the row, or for the one that the columns
// refer to by now; it makes omitzero leave it out of JSON.
func (r *One[T]) IsZero() bool {
	_, asked := r.in.Shown()
	return !asked
}

// MarshalJSON writes the row, or null.
//
//   - Errors: rows that hold each other and would never end.
func (r One[T]) MarshalJSON() ([]byte, error) {
	o, _ := r.in.Shown()
	if o.IsNil() {
		return []byte("null"), nil
	}
	if err := r.in.Endless(); err != nil {
		return nil, fmt.Errorf("retort: %w", err)
	}
	return json.Marshal(mapper.At[T](o))
}

func (r *One[T]) loading() Loading { return Loading{field: r} }

func (r *One[T]) mark() { r.in.StandIn() }
