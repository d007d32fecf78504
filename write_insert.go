package retort

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/query"
)

// Insert writes rows in one statement, past the session: the way for ON CONFLICT
// and for INSERT … SELECT. Objects that the session should know are for
// [Session.Add].
//
//   - Shape: a value, as a [Query]; it holds the pointers that it was given and
//     reads the objects when it runs. Unset client-made keys are made then and stay
//     in them, also where a row met another one and was not written.
type Insert[T any] insertion

// insertion is what does not depend on T; see bulk.
type insertion struct {
	in      query.Insert
	rows    bool // of the program's own, objects
	objects []mapper.Object
	name    string
	errs    []error
}

// Insert begins an INSERT of rows.
//
//   - Errors: no row, a nil one, more parameters than a statement can have
//     (65,535); when it runs.
func (t *Table[T]) Insert(rows ...*T) *Insert[T] {
	return (*Insert[T])(insertObjects(t.own(), objectsOf(rows)))
}

func insertObjects(of *declaration, objects []mapper.Object) *insertion {
	in := newInsert(of)
	in.rows, in.objects = true, objects
	if len(objects) == 0 {
		in.errs = append(in.errs, errors.New("retort: Insert: no row given"))
	}
	return in
}

// Upsert is [Table.Insert] that updates the row that is there already: the one
// with the same primary key, or the same values of the given unique columns. All
// columns that the INSERT writes are set, but for the key and those given.
//
//   - Shape: where that leaves no column, the row that is there stays as it is, and
//     does not come back from Rows. For a partial unique index see
//     [Conflict.DoUpdateAll], for some of the columns [Conflict.DoUpdate].
func (t *Table[T]) Upsert(rows []*T, unique ...any) *Insert[T] {
	in := t.Insert(rows...)
	in.in.Conflict = &query.Conflict{Fields: slices.Clone(unique), Whole: true}
	return in
}

// InsertFrom begins an INSERT of the rows that a query reads; the targets name
// columns of this table: Events.InsertFrom(Books.Query(), Into(&Events.C.BookID,
// &Books.C.ID)).
func InsertFrom[T, S any](t *Table[T], q *Query[S], targets ...Target) *Insert[T] {
	return (*Insert[T])(insertFrom(t.own(), q.core().form(), q.core().problems(), targets))
}

func insertFrom(of *declaration, source *query.Select, errs []error, targets []Target) *insertion {
	in := newInsert(of)
	in.errs = append(in.errs, errs...)
	in.in.Source = source
	for _, target := range targets {
		in.in.Targets = append(in.in.Targets, target.dst)
		in.in.Source.Items = append(in.in.Source.Items, query.Item{Call: target.call, Node: target.node})
	}
	if len(targets) == 0 {
		in.errs = append(in.errs, errors.New("retort: InsertFrom: no column is filled; add retort.Into(&Table.C.Field, …)"))
	}
	return in
}

func newInsert(of *declaration) *insertion {
	in := &insertion{}
	if of == nil {
		in.errs = []error{errors.New("retort: Insert: only a table that NewTable made can be written, not an alias or the rows of a statement")}
		return in
	}
	in.in.Declaration = of
	return in
}

// core is in without its type.
func (in *Insert[T]) core() *insertion {
	if in == nil {
		return &insertion{errs: []error{errors.New("retort: a nil Insert; begin it with Insert of a Table")}}
	}
	return (*insertion)(in)
}

func (in *Insert[T]) clone() *Insert[T] { return (*Insert[T])(in.core().clone()) }

//go:noinline
func (in *insertion) clone() *insertion {
	own := *in
	return &own
}

// Conflict is an [Insert] that meets rows that are there.
type Conflict[T any] insertion

// OnConflict says what happens when a row with the same values of unique columns
// is there; without fields it is any conflict, and only DoNothing can follow.
func (in *Insert[T]) OnConflict(unique ...any) *Conflict[T] {
	in = in.clone()
	in.in.Conflict = &query.Conflict{Fields: slices.Clone(unique)}
	return (*Conflict[T])(in)
}

// Where names a partial unique index by its condition, whose values are those of the
// index and stand in the SQL.
//
//   - Errors: a value of a secret column, which logs would show, when it runs.
func (c *Conflict[T]) Where(ps ...Predicate) *Conflict[T] {
	c = (*Conflict[T])((*Insert[T])(c).clone())
	c.in.Conflict = whereUnique(c.in.Conflict, ps)
	return c
}

func whereUnique(c *query.Conflict, ps []Predicate) *query.Conflict {
	own := *c
	own.Where = append(slices.Clip(own.Where), ps...)
	return &own
}

// DoNothing leaves the row that is there as it is; the new one is not written and
// does not come back from Rows.
func (c *Conflict[T]) DoNothing() *Insert[T] { return (*Insert[T])(c) }

// DoUpdate changes the row that is there: SetExpr(&c.Sold, Excluded(&c.Sold)).
// version, updated_at and their like change, too.
func (c *Conflict[T]) DoUpdate(set ...Assignment) *Insert[T] {
	in := (*Insert[T])(c).clone()
	in.core().doUpdate(set)
	return in
}

// DoUpdateAll changes all columns of the row that is there to what the INSERT
// would have written, but for the key and those that met; what set names is set
// to that instead. It is [Table.Upsert] for a partial unique index:
// OnConflict(&c.Code).Where(IsNull(c.DeletedAt)).DoUpdateAll().
//
//   - Shape: where that leaves no column, the row stays as it is and does not come
//     back from Rows.
func (c *Conflict[T]) DoUpdateAll(set ...Assignment) *Insert[T] {
	in := (*Insert[T])(c).clone()
	in.core().doUpdateAll(set)
	return in
}

//go:noinline
func (in *insertion) doUpdateAll(set []Assignment) {
	own := *in.in.Conflict
	own.Whole, own.Set = true, assigned(set)
	in.in.Conflict = &own
	if len(own.Fields) == 0 {
		in.errs = append(slices.Clip(in.errs), errors.New("retort: DoUpdateAll: say which unique columns may meet, as in .OnConflict(&c.Email)"))
	}
}

//go:noinline
func (in *insertion) doUpdate(set []Assignment) {
	own := *in.in.Conflict
	own.Set = assigned(set)
	in.in.Conflict = &own
	if len(set) == 0 {
		in.errs = append(slices.Clip(in.errs), errors.New("retort: DoUpdate: nothing is set; pass retort.Set(&c.Field, value)"))
	}
}

// UpdateWhere changes the row that is there only where ps hold.
func (in *Insert[T]) UpdateWhere(ps ...Predicate) *Insert[T] {
	in = in.clone()
	in.core().updateWhere(ps)
	return in
}

//go:noinline
func (in *insertion) updateWhere(ps []Predicate) {
	if in.in.Conflict == nil {
		in.errs = append(slices.Clip(in.errs), errors.New("retort: UpdateWhere: there is no DoUpdate; begin with OnConflict"))
		return
	}
	own := *in.in.Conflict
	own.SetWhere = append(slices.Clip(own.SetWhere), ps...)
	in.in.Conflict = &own
}

// Excluded is a column of the row that could not be inserted, for
// [Conflict.DoUpdate].
func Excluded[V any](field *V) Expr[V] { return Expr[V]{query.Excluded(field)} }

// Named gives the statement a name; see [Query.Named].
func (in *Insert[T]) Named(name string) *Insert[T] {
	in = in.clone()
	in.core().label(name)
	return in
}

//go:noinline
func (in *insertion) label(name string) {
	in.name, in.errs = name, append(slices.Clip(in.errs), checkLabel(name))
}

// Exec writes and returns how many rows were written. Pending changes of the
// session fly before it.
//
//   - Shape: one round trip, inside the session's transaction.
//   - Errors: [ErrReadOnly]; [*pgerr.ConstraintError]; what is wrong with it.
func (in *Insert[T]) Exec(ctx context.Context, s *Session) (int64, error) {
	return in.core().exec(ctx, s)
}

func (in *insertion) exec(ctx context.Context, s *Session) (int64, error) {
	form, err := in.build(s)
	if err != nil {
		return 0, err
	}
	return s.write(ctx, form, label("insert.exec", in.name), nil, nil)
}

// Rows writes and returns the rows that were written, as objects of the session:
// new ones, not those given.
func (in *Insert[T]) Rows(ctx context.Context, s *Session) ([]*T, error) {
	objects, err := in.core().written(ctx, s, reflect.TypeFor[T]())
	return mapper.Pointers[T](objects), err
}

func (in *insertion) written(ctx context.Context, s *Session, goType reflect.Type) ([]mapper.Object, error) {
	form, err := in.build(s)
	if err != nil {
		return nil, err
	}
	form.Returning.Whole = true
	return s.written(ctx, goType, form, label("insert.rows", in.name))
}

// build reads the objects.
//
//go:noinline
func (in *insertion) build(s *Session) (*query.Insert, error) {
	if err := errors.Join(in.errs...); err != nil {
		return nil, err
	}
	if s == nil {
		return nil, errNoSession
	}
	form := in.in
	if !in.rows {
		return &form, nil
	}
	t := s.eng.models.Model(form.Declaration)
	if t == nil {
		return &form, nil // query tells it
	}
	form.Objects = in.objects
	now := s.moment()
	for i, o := range in.objects {
		if o.IsNil() {
			return nil, fmt.Errorf("retort: Insert: row %d is nil", i)
		}
		if err := prepareObject(t, o, now); err != nil {
			return nil, err
		}
	}
	return &form, nil
}

// prepareObject gives a new row what the program makes for it.
func prepareObject(t *model.Table, o mapper.Object, now time.Time) error {
	for i, c := range t.Columns {
		switch {
		case c.KeyMaker != nil && t.Plan.IsZero(o, i):
			id, err := c.KeyMaker()
			if err != nil {
				return fmt.Errorf("retort: Insert: no key for %s: %w", t.Type, err)
			}
			t.Plan.SetUUID(o, i, id)
		case c.Stamp != model.NoStamp && t.Plan.IsZero(o, i):
			t.Plan.SetTime(o, i, now)
		}
	}
	return nil
}

func (in *Insert[T]) returning(s *Session) (query.Form, *query.Returning, string, string, error) {
	return in.core().returning(s)
}

func (in *insertion) returning(s *Session) (query.Form, *query.Returning, string, string, error) {
	if s == nil {
		form := in.in
		err := errors.Join(in.errs...)
		if in.rows && err == nil {
			err = errors.New("retort: CTE: rows of the program's own are inserted by a statement of their own; only InsertFrom can stand inside another")
		}
		return &form, &form.Returning, "insert.returning", in.name, err
	}
	form, err := in.build(s)
	if err != nil {
		return nil, nil, "", "", err
	}
	return form, &form.Returning, "insert.returning", in.name, nil
}

func (in *Insert[T]) rowsOf(*mapper.Scan) (query.Form, error) { return in.core().rowsOf() }

func (in *insertion) rowsOf() (query.Form, error) {
	form, out, _, _, err := in.returning(nil)
	if err != nil {
		return nil, err
	}
	out.Whole = true
	return form, nil
}

func (in *Insert[T]) rowType() *T { return nil }
