package retort

import (
	"iter"

	"github.com/retort-go/retort/internal/unitofwork"
)

// Changes are what flushes of a session write, as hooks see them:
//
//		for _, b := range Books.Inserted(c) { … }
//
//	  - Shape: in the order of the statements; the objects are the session's own. Nil
//	    is empty.
//	  - Concurrency: for the hook that got it, and afterwards read only.
type Changes struct{ list []unitofwork.Told }

// ChangeKind is what a change does to its row.
type ChangeKind string

// The kinds of changes.
const (
	ChangeInsert ChangeKind = "INSERT"
	ChangeUpdate ChangeKind = "UPDATE"
	ChangeDelete ChangeKind = "DELETE"
)

// Change is one object that a flush writes.
//
//   - Shape: Object is a pointer to the model; Table is the table's name and Columns
//     those that an update writes.
type Change struct {
	Kind    ChangeKind
	Table   string
	Object  any
	Columns []string
}

// Len is the number of changes.
func (c *Changes) Len() int {
	if c == nil {
		return 0
	}
	return len(c.list)
}

// All yields the changes of all tables.
func (c *Changes) All() iter.Seq[Change] {
	return func(yield func(Change) bool) {
		for i := range c.Len() {
			if t := &c.list[i]; !yield(change(t)) {
				return
			}
		}
	}
}

func change(t *unitofwork.Told) Change {
	c := Change{Kind: ChangeKind(t.Kind.String()), Table: t.Table.Name(), Object: t.Object}
	for _, i := range t.Columns {
		c.Columns = append(c.Columns, t.Table.Columns[i].Name)
	}
	return c
}

// Inserted lists the objects of this table that c inserts.
func (t *Table[T]) Inserted(c *Changes) []*T { return changed[T](c, unitofwork.Insert) }

// Updated lists the objects of this table that c updates.
func (t *Table[T]) Updated(c *Changes) []*T { return changed[T](c, unitofwork.Update) }

// Deleted lists the objects of this table that c deletes.
func (t *Table[T]) Deleted(c *Changes) []*T { return changed[T](c, unitofwork.Delete) }

func changed[T any](c *Changes, kind unitofwork.Kind) []*T {
	var list []*T
	for i := range c.Len() {
		if o, ok := c.list[i].Object.(*T); ok && c.list[i].Kind == kind {
			list = append(list, o)
		}
	}
	return list
}
