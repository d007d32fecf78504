package retort

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/unitofwork"
)

// Detach lets objects go: their changes are not written any more, and their rows
// can be read into other objects. SQLAlchemy calls it expunge. It does no I/O.
//
//   - Shape: a pending object is transient again, a persistent one detached.
//   - Errors: misuse, such as an object that is not in the session, is returned by
//     the next flush or commit.
func (s *Session) Detach(objects ...any) { s.each("Detach", objects, (*unitofwork.Unit).Detach) }

// Expire makes persistent objects take the values of their rows when those are
// read next, by Get or any query: no field is read by itself. Their changes that
// were not flushed are taken back at once; what is changed later is kept then and
// written. It does no I/O.
//
//   - Errors: misuse is returned by the next flush or commit.
func (s *Session) Expire(objects ...any) { s.each("Expire", objects, (*unitofwork.Unit).Expire) }

// Merge brings an object from elsewhere, such as one of an earlier session, into
// the session: it copies the object's values onto the one that stands for its row
// here, which it returns. Columns that the database makes are not copied. Without
// such a row, or without a key, a copy is added.
//
//   - Shape: one round trip when the session does not have the row, else none; the
//     object itself is not touched and stays outside. Relations are not followed.
//   - Errors: [ErrStale] when the object's version is not the row's, or that row is
//     gone; what Get returns.
func (t *Table[T]) Merge(ctx context.Context, s *Session, object *T) (*T, error) {
	o, err := t.declaration().merge(ctx, s, reflect.TypeFor[T](), mapper.ObjectAt(object))
	return mapper.At[T](o), err
}

func (d *declaration) merge(ctx context.Context, s *Session, goType reflect.Type, given mapper.Object) (mapper.Object, error) {
	compiled, err := d.tableOf(s, goType)
	if err != nil {
		return mapper.Object{}, err
	}
	if given.IsNil() {
		return mapper.Object{}, fmt.Errorf("retort: Merge: got a nil *%s", compiled.Type)
	}
	object := compiled.Plan.Any(given)
	if state := s.State(object); state == "pending" || state == "persistent" {
		return given, nil
	}
	copied := func() (mapper.Object, error) {
		fresh := compiled.Plan.Clone(given)
		compiled.Plan.CopyColumns(fresh, compiled.Plan.New(), compiled.InsertReturned())
		s.Add(compiled.Plan.Any(fresh))
		return fresh, nil
	}
	for _, col := range compiled.Key {
		if compiled.Plan.IsZero(given, col) && (compiled.Columns[col].ServerMade || compiled.Columns[col].KeyMaker != nil) {
			return copied()
		}
	}
	stale := func(why string) error {
		key := compiled.KeyValue(given)
		return &StaleError{Table: compiled.Name(), Key: key, Keys: []any{key}, Err: errors.New("retort: Merge: " + why)}
	}
	into, err := s.get(ctx, compiled, compiled.KeyValue(given))
	switch {
	case errors.Is(err, ErrNotFound) && !compiled.KeyServerMade():
		if compiled.Version >= 0 && !compiled.Plan.IsZero(given, compiled.Version) {
			return mapper.Object{}, stale("the object has a version, and its row is gone")
		}
		return copied()
	case err != nil:
		return mapper.Object{}, err
	}
	if err := s.ready(); err != nil {
		return mapper.Object{}, err
	}
	defer s.leave()
	if s.unit.Merge(compiled, into, given) {
		return mapper.Object{}, stale("the object is of an older version")
	}
	return into, nil
}
