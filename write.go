package retort

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/query"
)

// Assignment sets a column in a bulk write.
type Assignment struct{ set query.Assign }

// Set sets a column to a value; a nullable one takes a plain value by its slot,
// Set(c.Note, "x").
//
//   - Errors: nil, when it runs; use [SetNull].
func Set[V any](field *V, v V) Assignment {
	return Assignment{query.Assign{Call: "Set", Field: field, Value: v}}
}

// SetExpr sets a column to an expression: SetExpr(&c.Sold, Col(&c.Sold).Add(Val(1))).
func SetExpr[V any](field *V, e Expr[V]) Assignment {
	return Assignment{query.Assign{Call: "SetExpr", Field: field, Node: e.node}}
}

// Increment adds to a column: Increment(&c.Sold, 1). It is what the row holds when
// the statement runs, not what an object was read with, so none is lost between
// two that count.
//
//   - Shape: NULL stays NULL. Less is a negative by.
func Increment[V Number](field *V, by V) Assignment {
	return SetExpr(field, Col(field).Add(Val(by)))
}

// SetNull sets a nullable column to NULL.
func SetNull[V any](field *V) Assignment {
	return Assignment{query.Assign{Call: "SetNull", Field: field, Null: true}}
}

func assigned(list []Assignment) []query.Assign {
	out := make([]query.Assign, len(list))
	for i, a := range list {
		out[i] = a.set
	}
	return out
}

// Update changes all rows for which its conditions hold, in one statement and past
// the session's objects: those that it has keep their values until [Session.Refresh].
//
//   - Shape: a value, as a [Query]. version, updated_at and their like change, too.
type Update[T any] bulk

// Delete deletes all rows for which its conditions hold, in one statement and past
// the session's objects. Rows of a [SoftDelete] table are marked as deleted.
//
//   - Shape: a value, as a [Query].
type Delete[T any] bulk

// bulk is what both have. What does not depend on T stands here, so that it is
// compiled once and not for each model of a program.
type bulk struct {
	w    query.Write
	name string
	errs []error
}

// Update begins a bulk write of the table.
func (t *Table[T]) Update(set ...Assignment) *Update[T] {
	return (*Update[T])(newBulk(t.own(), "UPDATE", assigned(set)))
}

// Delete begins a bulk deletion of the table's rows.
func (t *Table[T]) Delete() *Delete[T] { return (*Delete[T])(newBulk(t.own(), "DELETE", nil)) }

// newBulk begins a write of the table that of declares, nil where it is none.
func newBulk(of *declaration, kind string, set []query.Assign) *bulk {
	b := &bulk{w: query.Write{Kind: kind, Set: set}}
	if of == nil {
		b.errs = []error{fmt.Errorf("retort: %s: only a table that NewTable made can be written, not an alias or the rows of a statement", kind)}
		return b
	}
	b.w.Declaration = of
	return b
}

//go:noinline
func (b *bulk) where(ps []Predicate) *bulk {
	b = b.clone()
	b.w.Where = append(slices.Clip(b.w.Where), ps...)
	return b
}

//go:noinline
func (b *bulk) using(call string, src Source) *bulk {
	b = b.clone()
	source, err := sourceOf(call, src)
	if err != nil {
		b.errs = append(slices.Clip(b.errs), err)
		return b
	}
	b.w.Uses = append(slices.Clip(b.w.Uses), source)
	return b
}

//go:noinline
func (b *bulk) unfiltered(names []string) *bulk {
	b = b.clone()
	b.w.Lifted = append(slices.Clip(b.w.Lifted), names...)
	return b
}

//go:noinline
func (b *bulk) withDeleted() *bulk {
	b = b.clone()
	b.w.Deleted = true
	return b
}

//go:noinline
func (b *bulk) named(name string) *bulk {
	b = b.clone()
	b.name, b.errs = name, append(slices.Clip(b.errs), checkLabel(name))
	return b
}

//go:noinline
func (b *bulk) clone() *bulk {
	own := *b
	return &own
}

func noBulk(name string) *bulk {
	return &bulk{errs: []error{fmt.Errorf("retort: a nil %s; begin it with %s of a Table", name, name)}}
}

// core is u without its type.
func (u *Update[T]) core() *bulk {
	if u == nil {
		return noBulk("Update")
	}
	return (*bulk)(u)
}

// core is d without its type.
func (d *Delete[T]) core() *bulk {
	if d == nil {
		return noBulk("Delete")
	}
	return (*bulk)(d)
}

// Where adds conditions; all of them must hold.
//
//   - Errors: an Update whose conditions are all empty, when it runs; see
//     [Update.AllRows].
func (u *Update[T]) Where(ps ...Predicate) *Update[T] { return (*Update[T])(u.core().where(ps)) }

// Where adds conditions; all of them must hold.
//
//   - Errors: a Delete whose conditions are all empty, when it runs; see
//     [Delete.AllRows].
func (d *Delete[T]) Where(ps ...Predicate) *Delete[T] { return (*Delete[T])(d.core().where(ps)) }

// AllRows says that no condition is meant.
func (u *Update[T]) AllRows() *Update[T] {
	u = (*Update[T])(u.core().clone())
	u.w.All = true
	return u
}

// AllRows says that no condition is meant.
func (d *Delete[T]) AllRows() *Delete[T] {
	d = (*Delete[T])(d.core().clone())
	d.w.All = true
	return d
}

// From lets conditions and expressions name another table.
func (u *Update[T]) From(src Source) *Update[T] { return (*Update[T])(u.core().using("From", src)) }

// Using lets conditions name another table.
func (d *Delete[T]) Using(src Source) *Delete[T] { return (*Delete[T])(d.core().using("Using", src)) }

// WithDeleted reaches rows of a [SoftDelete] table that are marked as deleted, too:
// Update(SetNull(c.DeletedAt)).WithDeleted() brings them back.
func (u *Update[T]) WithDeleted() *Update[T] { return (*Update[T])(u.core().withDeleted()) }

// WithDeleted reaches rows of a [SoftDelete] table that are marked as deleted, too,
// as [Delete.Permanently] wants to.
func (d *Delete[T]) WithDeleted() *Delete[T] { return (*Delete[T])(d.core().withDeleted()) }

// Unfiltered leaves filters of the session out; see [Query.Unfiltered].
func (u *Update[T]) Unfiltered(names ...string) *Update[T] {
	return (*Update[T])(u.core().unfiltered(names))
}

// Unfiltered leaves filters of the session out; see [Query.Unfiltered].
func (d *Delete[T]) Unfiltered(names ...string) *Delete[T] {
	return (*Delete[T])(d.core().unfiltered(names))
}

// Named gives the statement a name; see [Query.Named].
func (u *Update[T]) Named(name string) *Update[T] { return (*Update[T])(u.core().named(name)) }

// Named gives the statement a name; see [Query.Named].
func (d *Delete[T]) Named(name string) *Delete[T] { return (*Delete[T])(d.core().named(name)) }

// Permanently deletes rows of a [SoftDelete] table for good.
func (d *Delete[T]) Permanently() *Delete[T] {
	d = (*Delete[T])(d.core().clone())
	d.w.Purge = true
	return d
}

// Exec writes and returns how many rows there were. Pending changes of the session
// fly before it.
//
//   - Shape: one round trip, inside the session's transaction.
//   - Errors: [ErrReadOnly]; [*pgerr.ConstraintError]; what is wrong with it.
func (u *Update[T]) Exec(ctx context.Context, s *Session) (int64, error) {
	return u.core().exec(ctx, s, "update.exec")
}

// Exec deletes and returns how many rows there were; see [Update.Exec].
func (d *Delete[T]) Exec(ctx context.Context, s *Session) (int64, error) {
	return d.core().exec(ctx, s, "delete.exec")
}

// Rows writes and returns the rows as they are now: objects of the session.
func (u *Update[T]) Rows(ctx context.Context, s *Session) ([]*T, error) {
	w, err := u.core().build(s)
	if err != nil {
		return nil, err
	}
	w.Returning.Whole = true
	objects, err := s.written(ctx, reflect.TypeFor[T](), w, label("update.rows", u.name))
	return mapper.Pointers[T](objects), err
}

func label(label, name string) string {
	if name != "" {
		return label + " " + name
	}
	return label
}

func (b *bulk) build(s *Session) (*query.Write, error) {
	if err := errors.Join(b.errs...); err != nil {
		return nil, err
	}
	if s == nil {
		return nil, errNoSession
	}
	w := b.w
	return &w, nil
}

func (b *bulk) exec(ctx context.Context, s *Session, what string) (int64, error) {
	w, err := b.build(s)
	if err != nil {
		return 0, err
	}
	return s.write(ctx, w, label(what, b.name), nil, nil)
}

// rowsOf is the write inside another statement, a [CTE].
func (b *bulk) rowsOf() (query.Form, error) {
	w := b.w
	w.Returning.Whole = true
	return &w, errors.Join(b.errs...)
}

func (u *Update[T]) rowsOf(*mapper.Scan) (query.Form, error) { return u.core().rowsOf() }

func (d *Delete[T]) rowsOf(*mapper.Scan) (query.Form, error) { return d.core().rowsOf() }

func (u *Update[T]) rowType() *T { return nil }

func (d *Delete[T]) rowType() *T { return nil }

// moment is the program's time, for columns that it stamps.
func (s *Session) moment() time.Time {
	clock := s.eng.clock
	if clock == nil {
		clock = time.Now
	}
	return clock().UTC().Truncate(time.Microsecond)
}

// write sends a statement that changes rows and returns how many.
func (s *Session) write(ctx context.Context, f query.Form, what string, row func([]flight.Field, [][]byte) error, reset func()) (int64, error) {
	st, err := query.Read(f, s.world(), what)
	if err != nil {
		if s.opts.ReadOnly && errors.Is(err, ErrReadOnly) {
			err = fmt.Errorf("%w: %s", ErrReadOnly, what)
		}
		return 0, err
	}
	if err := s.ready(); err != nil {
		return 0, err
	}
	defer s.leave()
	out := statement(st, row)
	t := trip{opens: true, wrote: true, reset: reset, tag: new(int64)}
	if err := s.readTrip(ctx, t, out); err != nil {
		return 0, err
	}
	return *t.tag, nil
}

// written sends a statement that returns whole rows of a model and takes them into
// the session.
func (s *Session) written(ctx context.Context, goType reflect.Type, f query.Form, what string) ([]mapper.Object, error) {
	t, ok := s.eng.models.byType[goType]
	if !ok {
		return nil, fmt.Errorf("retort: %s is not a model of this engine's Base; list its table in NewBase", goType)
	}
	r := receiver{table: t}
	if _, err := s.write(ctx, f, what, r.row, r.reset); err != nil {
		return nil, err
	}
	if r.objects == nil {
		r.objects = []mapper.Object{} // empty, and not nil
	}
	if in, ok := f.(*query.Insert); ok && in.Creates() {
		return r.created(s), nil
	}
	return r.reload(s), nil
}
