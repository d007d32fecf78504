package retort

import "errors"

// ErrReadOnlyTable says: a row of a table that is declared [ReadOnly] has a change to
// be written.
var ErrReadOnlyTable = errors.New("retort: the table is declared ReadOnly but has changes; see docs/errors.md#read-only")

// TableOption says something about a table as a whole; see [NewTable].
type TableOption func(*declaration)

// InNamespace puts the table into a namespace, which SQL calls a schema, in
// place of the first one of search_path. [Base.CreateAll] creates it.
func InNamespace(name string) TableOption {
	return func(d *declaration) { d.namespace = name }
}

// Unmanaged leaves the table to somebody else: [Base.CreateAll] neither creates
// nor compares it, nor what its model says of indexes and constraints. It can be
// read, written and referred to like any other.
func Unmanaged(d *declaration) { d.unmanaged = true }

// ReadOnly makes every change of the table's rows through a session an error,
// [ErrReadOnlyTable], when it would be written; for views and for tables that
// somebody else writes, together with [Unmanaged].
func ReadOnly(d *declaration) { d.readOnly = true }
