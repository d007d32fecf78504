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
	keyName    string
	version    any
	deletedAt  any
	columns    []*ColumnDef
	indexes    []*IndexDef
	exclusions []*ExcludeDef
	uniques    []*UniqueDef
	checks     []schema.Check
	references []*ForeignKeyDef
	relations  []*RelationDef
	comment    string
	storage    string
	unlogged   bool

	renamedFrom string
}

// fail adds a problem; the compiler names the model.
func (c *definition) fail(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(format, args...))
}

// PrimaryKey names the key's columns, one or several; a later call wins. Their
// order is that of a [Key], of the index, and of the locks that a flush takes.
//
//   - Shape: at most one of them is made by the database.
func (d *Definition[T]) PrimaryKey(fields ...any) { d.core.primaryKey = fields }

// KeyName sets the name of the primary key, which a mixin may have declared, in
// place of the naming convention's.
func (d *Definition[T]) KeyName(name string) { d.core.keyName = name }

// Version makes an integer column count the updates of its row: 1 at INSERT,
// one more at each UPDATE, and checked by both UPDATE and DELETE.
func (d *Definition[T]) Version(field any) {
	d.core.version = field
	d.Column(field).ServerMade("1")
}

// SoftDelete makes Delete set a nullable time in place of deleting the row, and
// queries leave out the rows in which it is set; see the mixin [SoftDelete].
func (d *Definition[T]) SoftDelete(field any) { d.core.deletedAt = field }

// Column describes the column of field further.
func (d *Definition[T]) Column(field any) *ColumnDef {
	c := &ColumnDef{field: field}
	d.core.columns = append(d.core.columns, c)
	return c
}

// Comment says in the database what the table is for.
func (d *Definition[T]) Comment(text string) { d.core.comment = text }

// RenamedFrom says what the table was called before, in the same namespace, so
// that migrations rename it and keep its rows. It does nothing where the database
// has the new name already: it can stay, or go once every database is there.
func (d *Definition[T]) RenamedFrom(name string) { d.core.renamedFrom = name }

// Storage sets the table's storage parameters as SQL text, as in
// "fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01".
func (d *Definition[T]) Storage(sql string) { d.core.storage = sql }

// Unlogged keeps the table out of the write-ahead log: faster to write, empty
// after a crash of the server.
func (d *Definition[T]) Unlogged() { d.core.unlogged = true }

// Index declares an index over fields, in that order. Without a field it begins
// with [IndexDef.Expression].
func (d *Definition[T]) Index(fields ...any) *IndexDef {
	x := &IndexDef{}
	x.add(fields...)
	d.core.indexes = append(d.core.indexes, x)
	return x
}

// Unique declares that no two rows agree in all fields.
func (d *Definition[T]) Unique(fields ...any) *UniqueDef {
	u := &UniqueDef{fields: fields}
	d.core.uniques = append(d.core.uniques, u)
	return u
}

// Exclude declares that no two rows are in relation to each other: rooms that are
// booked twice, say.
//
//	d.Exclude().With(&d.C.RoomID, "=").With(&d.C.Period, "&&")
//
// A scalar in a gist index, as here, needs the extension btree_gist.
func (d *Definition[T]) Exclude() *ExcludeDef {
	e := &ExcludeDef{}
	d.core.exclusions = append(d.core.exclusions, e)
	return e
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
