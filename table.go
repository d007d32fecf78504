package retort

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/schema"
)

// Table ties the struct T to a table and is where its queries begin.
//
// Its fields are the columns: their names in snake case unless a `db:"name"`
// tag says otherwise, NOT NULL unless the field is a pointer. `db:"-"` leaves a
// field out. What the fields cannot say goes into a method
// Define(*Definition[T]) of T.
//
//   - Shape: a value that checks nothing; [Open] compiles it and reports every
//     problem.
//   - Concurrency: safe for many goroutines; make it once, at package level.
type Table[T any] struct {
	// C is the stand-in for a row: a pointer to one of its fields names the
	// column, as in retort.Eq(&Books.C.Title, "Emma"). The fields hold no data;
	// a nullable field points at a slot of its own, so that
	// retort.Eq(Books.C.Note, "x") takes a plain value. Never write to it.
	C *T

	decl declaration
}

// NewTable declares that rows of the table name are values of T. The name is the
// table's alone, whatever is in it; the namespace is an option.
func NewTable[T any](name string, options ...TableOption) *Table[T] {
	t := reflect.TypeFor[T]()
	d := declaration{name: name, goType: t}
	for _, option := range options {
		option(&d)
	}
	if t.Kind() != reflect.Struct {
		d.err = fmt.Errorf("model %s: %s is not a struct", name, t)
		return &Table[T]{C: new(T), decl: d}
	}
	d.fields, d.err = mapper.Fields(t)
	d.standIn = mapper.NewStandIn(t, d.fields)
	d.markRelations()
	table := &Table[T]{C: d.standIn.Any().(*T), decl: d}
	table.decl.define = func(core *definition) { defineStruct(core, table.C, make(map[reflect.Type]bool)) }
	return table
}

// declaration is the part of a Table that does not depend on T.
type declaration struct {
	name      string
	namespace string
	unmanaged bool
	readOnly  bool
	goType    reflect.Type
	fields    []mapper.Field
	standIn   *mapper.StandIn
	define    func(*definition)
	other     *another // what an alias or the rows of a statement are of; nil for the table itself
	err       error
}

func (d *declaration) fullName() string {
	return (&schema.Table{Namespace: d.namespace, Name: d.name}).FullName()
}

func (t *Table[T]) register(b *Base) {
	if t == nil {
		t = &Table[T]{} // Open reports it
	}
	if other := t.decl.other; other != nil {
		t = &Table[T]{decl: declaration{name: other.name, goType: reflect.TypeFor[T](), err: errAliasInBase}}
	}
	b.tables = append(b.tables, &t.decl)
}

// own is the declaration of a table that can be written: nil for an alias, and for
// the rows of a statement.
func (t *Table[T]) own() *declaration {
	if t == nil || t.decl.other != nil {
		return nil
	}
	return &t.decl
}

// tableOf finds the compiled model in the session's engine; goType is that of the
// rows.
func (d *declaration) tableOf(s *Session, goType reflect.Type) (*model.Table, error) {
	if d == nil {
		return nil, errNoTable(goType)
	}
	if o := d.other; o != nil && o.rows != nil {
		if o.err != nil {
			return nil, fmt.Errorf("retort: source %q: %w", o.name, o.err)
		}
		return nil, fmt.Errorf("retort: %q is the rows of a statement (Sub, CTE), which are values and no objects of the session; read them with retort.Select or retort.Values", o.name)
	}
	if s == nil {
		return nil, errNoSession
	}
	compiled, ok := s.eng.models.byDeclaration[d.declared()]
	if !ok {
		return nil, fmt.Errorf("retort: table %q (%s) is not part of this engine's Base; add it to NewBase", d.name, d.goType)
	}
	return compiled, nil
}

func errNoTable(goType reflect.Type) error {
	if goType == nil { // a zero Query
		return errors.New("retort: a query without a table; begin it with Query, Where, OrderBy or With of a Table")
	}
	return fmt.Errorf("retort: a query of %s without a table; begin it with Query, Where, OrderBy or With of a Table", goType)
}

// declaration is nil for no table.
func (t *Table[T]) declaration() *declaration {
	if t == nil {
		return nil
	}
	return &t.decl
}

// Get reads the row with that primary key, or hands out the object that the
// session already has for it.
//
//   - Shape: one round trip, none when the session has the object. Pending changes
//     fly with it, unless all of them are changes of other rows of this table. A key
//     of several columns is a [Key], its values in the order of PrimaryKey:
//     Lines.Get(ctx, s, retort.Key{order.ID, int32(3)}).
//   - Errors: [ErrNotFound]; a key of another type than the key field's.
func (t *Table[T]) Get(ctx context.Context, s *Session, key any) (*T, error) {
	compiled, err := t.declaration().tableOf(s, reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	o, err := s.get(ctx, compiled, key)
	if err != nil {
		return nil, err
	}
	return compiled.Plan.Any(o).(*T), nil
}
