package model

import (
	"fmt"
	"reflect"
	"sync/atomic"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/schema"
)

// Table is one compiled model.
//
//   - Shape: Columns, the plan's columns and Schema.Columns share their indexes.
//   - Concurrency: safe for many goroutines once built.
type Table struct {
	Schema    *schema.Table
	Type      reflect.Type
	Plan      *mapper.Plan
	StandIn   *mapper.StandIn
	Fields    []mapper.Field // as StandIn counts them
	Columns   []Column
	Key       []int // indexes of the primary key's columns, in its order
	Version   int   // index of the version column, -1 for none
	ReadOnly  bool  // changes are errors
	Rank      int   // tables that foreign keys refer to have a lower one
	Relations []*Relation
	Loose     []*Link // references of relations without a foreign key
	Links     []Link  // foreign keys; see Connect
	Circular  bool    // one of Links is Back
	Tie       bool    // a link table without a model: its rows tie two others and have nothing to say

	// Catalog is what the database says of types that are not built in; nil for
	// nothing.
	Catalog *mapper.Catalog

	// FieldColumn maps an index of the stand-in's fields to a column, -1 for a
	// field that is no column, such as a relation.
	FieldColumn []int

	texts    texts
	decoders [resultCount]atomic.Pointer[mapper.Decoder]
	all      []int
}

// Column is the role of one column in reads and writes.
type Column struct {
	Name string

	// ServerMade columns are left out of INSERT and come back from it.
	ServerMade bool

	// Generated columns are computed by the database from others of their row. They
	// come back from INSERT, as they are ServerMade, and from every UPDATE.
	Generated bool

	// DeletedAt says of a nullable column that a row in which it is set counts as
	// deleted. Delete sets it; queries leave such rows out.
	DeletedAt bool

	// OnUpdate is the SQL expression that every UPDATE sets, empty for none. The
	// column comes back from the UPDATE.
	OnUpdate string

	// Stamp says when the flush sets the column to the program's time.
	Stamp Stamp

	// Fixed columns are never written by an UPDATE: the key, and identity
	// columns.
	Fixed bool

	// KeyMaker makes the value of an unset key at Add; nil for none.
	KeyMaker func() ([16]byte, error)
}

// Stamp says when a column is set to the time of the program's clock.
type Stamp uint8

// The moments of stamps.
const (
	NoStamp     Stamp = iota
	StampInsert       // at INSERT, unless the object has a time already
	StampWrite        // at INSERT likewise, and at every UPDATE
)

// Finish prepares the texts that never change. It is called once, when the
// columns and roles are set.
func (t *Table) Finish() {
	t.all = make([]int, len(t.Columns))
	for i := range t.all {
		t.all[i] = i
	}
	t.texts.build(t)
}

// Name is the table's name for people, behind its namespace where it has one.
func (t *Table) Name() string { return t.texts.name }

// DeletedAt is the index of the column that marks deleted rows, -1 for none.
func (t *Table) DeletedAt() int { return t.texts.deletedAt }

// SQLName is the table's name as SQL text.
func (t *Table) SQLName() string { return t.texts.sqlName }

// KeyField is the Go name of the primary key's first field.
func (t *Table) KeyField() string { return t.Plan.Column(t.Key[0]).Field.Name }

// AllColumns lists every column index in order; callers must not change it.
func (t *Table) AllColumns() []int { return t.all }

// Find resolves a pointer into the stand-in to a column.
//
//   - Shape: ok is false for pointers elsewhere; column is -1 for a field that is
//     no column.
func (t *Table) Find(field any) (column, fieldIndex int, ok bool) {
	i, ok := t.StandIn.Find(field)
	if !ok {
		return -1, -1, false
	}
	return t.FieldColumn[i], i, true
}

// Pointer is the field pointer into the stand-in that names a column.
func (t *Table) Pointer(column int) any {
	o, _ := t.Plan.ObjectOf(t.StandIn.Any())
	return t.Plan.FieldPointer(o, t.Plan.Column(column).Field)
}

// Relation returns the relation of the stand-in field.
func (t *Table) Relation(field any) (*Relation, bool) { return t.RelationOf(t.StandIn, field) }

// RelationOf is Relation for a field of another stand-in, such as an alias has; nil
// has none.
func (t *Table) RelationOf(in *mapper.StandIn, field any) (*Relation, bool) {
	if in == nil {
		return nil, false
	}
	i, ok := in.Find(field)
	if !ok {
		return nil, false
	}
	for _, rel := range t.Relations {
		if rel.Field == i {
			return rel, true
		}
	}
	return nil, false
}

// Result names a list of columns that a statement of this table returns.
type Result int

// The results that have a decoder of their own.
const (
	ResultAll Result = iota
	ResultInsert
	ResultUpdate
	ResultInsertMany
	resultCount
)

// Decoder reads rows of a result as the server describes them.
//
//   - Errors: a column whose type in the database does not fit the Go field,
//     by name.
func (t *Table) Decoder(r Result, fields []mapper.ResultField) (*mapper.Decoder, error) {
	slot := &t.decoders[r]
	if d := slot.Load(); d != nil && d.Matches(fields) && d.Current(t.Catalog) {
		return d, nil
	}
	d, err := t.Plan.DecoderWith(t.resultColumns(r), mapper.OIDs(fields), t.Catalog)
	if err != nil {
		return nil, fmt.Errorf("table %q does not fit its model: %w; Engine.Verify lists every difference; see docs/errors.md#column-mismatch", t.Name(), err)
	}
	slot.Store(d)
	return d, nil
}

func (t *Table) resultColumns(r Result) []int {
	switch r {
	case ResultInsert:
		return t.texts.insertReturned
	case ResultUpdate:
		return t.texts.updateReturned
	case ResultInsertMany:
		return t.texts.insertManyReturned
	default:
		return t.all
	}
}

// Field is a pointer to the relation's field in the object.
func (t *Table) Field(o mapper.Object, rel *Relation) any {
	return t.Plan.FieldPointer(o, t.Fields[rel.Field])
}
