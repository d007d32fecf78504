package retort

import (
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/schema"
)

// ColumnDef describes one column; its methods return it, to be chained.
type ColumnDef struct {
	field      any
	name       string
	sqlType    string
	defaultSQL string
	serverMade bool
	onUpdate   string
	identity   schema.Identity
	sequence   schema.Sequence
	generated  string
	collation  string
	comment    string
	keyMaker   KeyMaker
	stamp      model.Stamp
	nullAsZero bool
	notNull    bool
	secret     bool

	renamedFrom string
}

// Name sets the column's name; a db tag on the field does the same.
func (c *ColumnDef) Name(name string) *ColumnDef { c.name = name; return c }

// RenamedFrom says what the column was called before, so that migrations rename
// it and keep its values. As with [Definition.RenamedFrom], it can stay.
func (c *ColumnDef) RenamedFrom(name string) *ColumnDef { c.renamedFrom = name; return c }

// Type sets the PostgreSQL type as SQL text where the field's own is not meant:
// date for a time.Time, varchar(20) for a string, jsonb for a struct.
func (c *ColumnDef) Type(sql string) *ColumnDef { c.sqlType = sql; return c }

// Default sets the column's default, for writers outside Retort: the field is
// written at INSERT whatever its value, zero or not.
func (c *ColumnDef) Default(sql string) *ColumnDef { c.defaultSQL = sql; return c }

// ServerMade sets the column's default and leaves the column to it: INSERT does
// not write the field, and its value comes back. A default of "" is for columns
// that a trigger fills.
func (c *ColumnDef) ServerMade(sql string) *ColumnDef {
	c.defaultSQL, c.serverMade = sql, true
	return c
}

// OnUpdate sets the SQL expression that every UPDATE of a row writes to the
// column; the value comes back.
func (c *ColumnDef) OnUpdate(sql string) *ColumnDef { c.onUpdate = sql; return c }

// Identity lets the database number the column: with [schema.IdentityByDefault]
// other writers may give a number of their own, with [schema.IdentityAlways] they
// may not; [schema.Serial] is for tables that are there already.
func (c *ColumnDef) Identity(kind schema.Identity) *ColumnDef {
	c.identity, c.serverMade = kind, true
	return c
}

// Sequence sets how an identity column counts: its first number and the step
// between two. Zero is the server's default, 1.
func (c *ColumnDef) Sequence(start, increment int64) *ColumnDef {
	c.sequence = schema.Sequence{Start: start, Increment: increment}
	return c
}

// Generated lets the database compute the column from others of its row and
// store it. Its value comes back from every INSERT and UPDATE that Retort sends;
// setting the field is an error at the flush.
func (c *ColumnDef) Generated(sql string) *ColumnDef {
	c.generated, c.serverMade = sql, true
	return c
}

// NotNull makes the column NOT NULL although its field could hold NULL: for the
// types of pgtype and database/sql. A field without a value is then an error of
// the database.
func (c *ColumnDef) NotNull() *ColumnDef { c.notNull = true; return c }

// Collation sets the name of the collation that the column's texts are sorted
// and compared by, as in "C" or "de-x-icu".
func (c *ColumnDef) Collation(name string) *ColumnDef { c.collation = name; return c }

// Comment says in the database what the column is for.
func (c *ColumnDef) Comment(text string) *ColumnDef { c.comment = text; return c }

// NullAsZero makes the column nullable although its field is not: NULL is read as
// the field's zero value, for tables that others filled. What Retort writes is
// never NULL: INSERT writes the zero value, and an UPDATE a field that was changed;
// a row whose field is left alone keeps its NULL. Conditions see what is stored, so
// a search for the zero value does not find NULL. Not for foreign keys, which a
// zero value would break.
func (c *ColumnDef) NullAsZero() *ColumnDef { c.nullAsZero = true; return c }

// Secret keeps the column's values out of what Config.EchoParams shows: they stand
// there as "(secret)", written, compared and searched for, and with them all values in
// a condition or a key of an order that names the column, or in what it is set to. Not so values
// in your own SQL, and in what a statement selects.
func (c *ColumnDef) Secret() *ColumnDef { c.secret = true; return c }

// ClockOnInsert lets the program set the column, a time.Time in a timestamptz or
// timestamp, when its row is inserted: to what Config.Clock says. A time that is
// in the object already is kept. The field has it only when the flight succeeded.
func (c *ColumnDef) ClockOnInsert() *ColumnDef { c.stamp = model.StampInsert; return c }

// ClockOnWrite is [ColumnDef.ClockOnInsert] that sets the column at every UPDATE,
// too. An UPDATE is sent for other changes only; to change such a field oneself
// is an error at the flush.
func (c *ColumnDef) ClockOnWrite() *ColumnDef { c.stamp = model.StampWrite; return c }

// MadeBy sets how [Session.Add] makes an unset key.
func (c *ColumnDef) MadeBy(m KeyMaker) *ColumnDef { c.keyMaker = m; return c }

// ForeignKeyDef describes a foreign key; its methods return it, to be chained.
type ForeignKeyDef struct {
	fields, targets    []any
	name               string
	onDelete, onUpdate schema.Action
	deferrable         schema.Deferrable
}

// Name sets the constraint's name in place of the naming convention's.
func (f *ForeignKeyDef) Name(name string) *ForeignKeyDef { f.name = name; return f }

// OnDelete says what happens to the rows when the row they refer to is deleted.
func (f *ForeignKeyDef) OnDelete(a schema.Action) *ForeignKeyDef { f.onDelete = a; return f }

// OnUpdate says what happens to the rows when the key they refer to changes.
func (f *ForeignKeyDef) OnUpdate(a schema.Action) *ForeignKeyDef { f.onUpdate = a; return f }

// Deferrable says when the constraint is checked.
func (f *ForeignKeyDef) Deferrable(d schema.Deferrable) *ForeignKeyDef { f.deferrable = d; return f }
