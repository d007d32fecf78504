package retort

import (
	"encoding/json"
	"fmt"
)

// Many is a has-many relation of a model: the rows of another table that refer
// to this one. It is empty until a query loads it with [Query.With]; it never
// does I/O by itself.
//
//   - Shape: in JSON a loaded relation is an array; one that was not loaded is
//     null, or absent with the tag `json:"name,omitzero"`.
//   - Concurrency: as the object that holds it.
type Many[T any] struct {
	rows   []*T
	loaded bool
}

// Loaded tells whether a query has filled the relation.
func (m *Many[T]) Loaded() bool { return m.loaded }

// All returns the rows, by primary key.
//
//   - Shape: empty and not nil when there are none.
//   - Errors: [ErrNotLoaded], naming the call that loads it.
func (m *Many[T]) All() ([]*T, error) {
	if !m.loaded {
		var t T
		return nil, fmt.Errorf("%w: []%T; add .With(&Table.C.Field) to the query that reads the parents", ErrNotLoaded, t)
	}
	return m.rows, nil
}

// IsZero tells whether the relation was not loaded; it makes omitzero leave it
// out of JSON.
func (m Many[T]) IsZero() bool { return !m.loaded }

// MarshalJSON writes the loaded rows, or null.
func (m Many[T]) MarshalJSON() ([]byte, error) {
	if !m.loaded {
		return []byte("null"), nil
	}
	return json.Marshal(m.rows)
}

// isRelation marks the type for the compiler of models.
func (*Many[T]) isRelation() {}

type relationField interface{ isRelation() }

// fill takes the children that a query read.
func (m *Many[T]) fill(children []any) {
	m.rows = make([]*T, len(children))
	for i, c := range children {
		m.rows[i] = c.(*T)
	}
	m.loaded = true
}

type filler interface{ fill(children []any) }

// relationDef is a relation as Define declares it.
type relationDef struct {
	field  any
	child  *declaration
	column func() any // the child's foreign key, as a pointer into its stand-in
}

// HasMany declares that field holds the rows of child whose column refers to
// this model's primary key.
//
//	retort.HasMany(d, &d.C.History, StatusChanges, func(c *StatusChange) *uuid.UUID { return &c.RequestID })
func HasMany[P, C, K any](d *Definition[P], field *Many[C], child *Table[C], column func(*C) *K) {
	d.core.relations = append(d.core.relations, &relationDef{
		field:  field,
		child:  &child.decl,
		column: func() any { return column(child.C) },
	})
}
