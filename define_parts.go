package retort

import "github.com/retort-go/retort/schema"

// ColumnDef describes one column; its methods return it, to be chained.
type ColumnDef struct {
	field      any
	name       string
	sqlType    string
	defaultSQL string
	serverMade bool
	onUpdate   string
	identity   schema.Identity
	keyMaker   KeyMaker
}

// Name sets the column's name; a db tag on the field does the same.
func (c *ColumnDef) Name(name string) *ColumnDef { c.name = name; return c }

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

// Identity lets the database number the column.
func (c *ColumnDef) Identity(kind schema.Identity) *ColumnDef {
	c.identity, c.serverMade = kind, true
	return c
}

// MadeBy sets how [Session.Add] makes an unset key.
func (c *ColumnDef) MadeBy(m KeyMaker) *ColumnDef { c.keyMaker = m; return c }

// IndexDef describes an index; its methods return it, to be chained.
type IndexDef struct {
	fields []any
	name   string
	where  string
}

// Name sets the index's name in place of the naming convention's.
func (x *IndexDef) Name(name string) *IndexDef { x.name = name; return x }

// Where limits the index to the rows for which the SQL predicate holds.
func (x *IndexDef) Where(sql string) *IndexDef { x.where = sql; return x }

// UniqueDef describes a unique constraint; its methods return it, to be chained.
type UniqueDef struct {
	fields     []any
	name       string
	where      string
	deferrable schema.Deferrable
}

// Name sets the constraint's name in place of the naming convention's.
func (u *UniqueDef) Name(name string) *UniqueDef { u.name = name; return u }

// Where limits the constraint to the rows for which the SQL predicate holds; it
// becomes a unique index.
func (u *UniqueDef) Where(sql string) *UniqueDef { u.where = sql; return u }

// Deferrable says when the constraint is checked.
func (u *UniqueDef) Deferrable(d schema.Deferrable) *UniqueDef { u.deferrable = d; return u }

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
