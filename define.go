package retort

import (
	"fmt"

	"github.com/retort-go/retort/schema"
)

// Definition is what a model says about its table beyond its fields. A model
// gets it in a method of its own:
//
//	func (Request) Define(d *retort.Definition[Request]) {
//		d.Index(&d.C.Status, &d.C.DueAt)
//		d.Unique(&d.C.Email).Where("status = 'open'")
//	}
//
// Embedded structs with a Define of their own are asked first, in order; what is
// said later of the same column, key or version wins.
//
//   - Errors: none here; [Open] reports every problem, each naming the model.
type Definition[T any] struct {
	// C is the stand-in whose field pointers name columns, as [Table.C].
	C *T

	core *definition
}

// definition collects what the Define methods of one table say.
type definition struct {
	decl       *declaration
	errs       []error
	primaryKey []any
	version    any
	columns    []*ColumnDef
	indexes    []*IndexDef
	uniques    []*UniqueDef
	checks     []schema.Check
	references []*ForeignKeyDef
	relations  []*relationDef
}

// fail adds a problem; the compiler names the model.
func (c *definition) fail(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

// PrimaryKey names the key column.
func (d *Definition[T]) PrimaryKey(fields ...any) { d.core.primaryKey = fields }

// Version makes an integer column count the updates of its row: 1 at INSERT,
// one more at each UPDATE, and checked by both UPDATE and DELETE.
func (d *Definition[T]) Version(field any) {
	d.core.version = field
	d.Column(field).ServerMade("1")
}

// Column describes the column of field further.
func (d *Definition[T]) Column(field any) *ColumnDef {
	c := &ColumnDef{field: field}
	d.core.columns = append(d.core.columns, c)
	return c
}

// Index declares an index over fields, in that order.
func (d *Definition[T]) Index(fields ...any) *IndexDef {
	x := &IndexDef{fields: fields}
	d.core.indexes = append(d.core.indexes, x)
	return x
}

// Unique declares that no two rows agree in all fields.
func (d *Definition[T]) Unique(fields ...any) *UniqueDef {
	u := &UniqueDef{fields: fields}
	d.core.uniques = append(d.core.uniques, u)
	return u
}

// Check declares that the SQL expression must not be false for any row. The
// constraint's name is made from name by the naming convention.
func (d *Definition[T]) Check(name, expression string) {
	d.core.checks = append(d.core.checks, schema.Check{Name: name, Expression: expression})
}

// References declares a foreign key from field to target, a field pointer of
// the other table's stand-in: d.References(&d.C.RequestID, &Requests.C.ID).
func (d *Definition[T]) References(field, target any) *ForeignKeyDef {
	return d.ForeignKey([]any{field}, []any{target})
}

// ForeignKey declares a foreign key over several columns, pair by pair.
func (d *Definition[T]) ForeignKey(fields, targets []any) *ForeignKeyDef {
	f := &ForeignKeyDef{fields: fields, targets: targets}
	d.core.references = append(d.core.references, f)
	return f
}
