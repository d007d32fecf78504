package retort

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/query"
	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/schema"
)

// Source is what a query can join: a [Table], one of its aliases ([Table.As]), or
// the rows of a statement ([Sub], [CTE], [Recursive]).
type Source interface {
	source() query.Source
	named() *another
}

// another is a Table that is not the declared one.
type another struct {
	of      *declaration
	name    string
	standIn *mapper.StandIn
	rows    *query.Rows
	err     error
}

var errAliasInBase = errors.New("an alias (Table.As), Sub or CTE is no table of the database; list the table itself")

// As is the table under another name in a query, with a C of its own: the second
// one of a self-join.
//
//		boss := Employees.As("boss")
//		q := Employees.Query().Join(boss, retort.EqCol(&Employees.C.BossID, &boss.C.ID))
//
//	  - Shape: make it once, at package level or at the begin of a function: every
//	    call makes a C of its own. It is no member of a Base.
//	  - Errors: a name that is none, when the query runs.
func (t *Table[T]) As(name string) *Table[T] {
	other := &another{of: t.decl.declared(), name: name, err: sqltext.CheckIdent(name)}
	if t.decl.other != nil && t.decl.other.rows != nil {
		other.of, other.rows = nil, t.decl.other.rows
	}
	fields := t.decl.fields
	other.standIn = mapper.NewStandIn(reflect.TypeFor[T](), fields)
	return &Table[T]{C: other.standIn.Any().(*T), decl: declaration{name: name, goType: t.decl.goType, fields: fields, standIn: other.standIn, other: other}}
}

// declared is the declaration that [NewTable] made.
func (d *declaration) declared() *declaration {
	if d.other != nil && d.other.of != nil {
		return d.other.of
	}
	return d
}

func (d *declaration) source() query.Source {
	if d.other == nil {
		return query.Source{Declaration: d}
	}
	return query.Source{Declaration: d.other.of, Name: d.other.name, StandIn: d.other.standIn, Rows: d.other.rows}
}

func (d *declaration) named() *another {
	if d == nil {
		return &another{err: errors.New("it is nil")}
	}
	return d.other
}

func (t *Table[T]) source() query.Source { return t.decl.source() }

func (t *Table[T]) named() *another { return t.declaration().named() }

// Model finds a compiled model for package query.
func (m *models) Model(declared any) *model.Table {
	d, ok := declared.(*declaration)
	if !ok {
		return nil
	}
	return m.byDeclaration[d]
}

// RowsOf is a statement whose rows are values of R: a [Query], a [Selection], a
// bulk write with RETURNING, SQL of the program's own. It can stand inside other
// statements.
type RowsOf[R any] interface {
	rowsOf(layout *mapper.Scan) (query.Form, error)

	// rowType is nil and never called: it ties R to the statement.
	rowType() *R
}

// Sub is the rows of a statement as a source under a name, with a C that names
// their columns.
//
//   - Shape: only fields that the statement fills are columns.
//   - Errors: when the query runs.
func Sub[R any](name string, rows RowsOf[R]) *Table[R] { return derived(name, rows, query.Rows{}) }

// CTE is [Sub] as a WITH query: written once however often the statement reads
// it. Of a bulk write with RETURNING it changes the rows, in the same statement.
func CTE[R any](name string, rows RowsOf[R]) *Table[R] {
	return derived(name, rows, query.Rows{Common: true})
}

// Recursive is a [CTE] that reads itself: first gives the first rows, and step
// says which follow from those found so far, until there are no new ones. Equal
// rows count once, so that circles end.
func Recursive[R any](name string, first RowsOf[R], step func(self *Table[R]) RowsOf[R]) *Table[R] {
	t := derived(name, first, query.Rows{Common: true})
	if t.decl.other.err != nil {
		return t
	}
	form, err := step(t).rowsOf(layoutOf(t))
	t.decl.other.rows.Step, t.decl.other.err = form, err
	return t
}

func layoutOf[R any](*Table[R]) *mapper.Scan {
	layout, _ := mapper.ScanPlan(reflect.TypeFor[R]()) // derived has told the error
	return layout
}

func derived[R any](name string, rows RowsOf[R], kind query.Rows) *Table[R] {
	t := reflect.TypeFor[R]()
	other := &another{name: name, rows: &kind, err: sqltext.CheckIdent(name)}
	failed := func(err error) *Table[R] {
		other.err = err
		return &Table[R]{C: new(R), decl: declaration{name: name, goType: t, other: other}}
	}
	layout, err := mapper.ScanPlan(t)
	switch {
	case other.err != nil:
		return failed(other.err)
	case err != nil:
		return failed(err)
	case t.Kind() != reflect.Struct:
		return failed(fmt.Errorf("its rows are %s; only those of a struct have names that a query can use", t))
	}
	fields, err := mapper.Fields(t)
	if err != nil {
		return failed(err)
	}
	other.standIn = mapper.NewStandIn(t, fields)
	m := &model.Table{Type: t, StandIn: other.standIn, Fields: fields, Version: -1, Schema: &schema.Table{Name: name}}
	other.rows.Table = m
	form, err := rows.rowsOf(layout)
	if err != nil {
		return failed(err)
	}
	other.rows.Form = form
	m.FieldColumn = make([]int, len(fields))
	for i := range m.FieldColumn {
		m.FieldColumn[i] = -1
	}
	for k, item := range outputsOf(form, layout) {
		m.FieldColumn[item] = k
		m.Columns = append(m.Columns, model.Column{Name: fields[item].Column})
	}
	return &Table[R]{C: other.standIn.Any().(*R), decl: declaration{name: name, goType: t, fields: fields, standIn: other.standIn, other: other}}
}

// outputsOf lists the fields that the columns of a statement fill.
func outputsOf(form query.Form, layout *mapper.Scan) []int {
	if fields := query.Fields(form); fields != nil {
		return fields
	}
	var all []int
	for i := range layout.Plan().Len() {
		if !isRelation(layout.Plan().Column(i).Field.Type) {
			all = append(all, i)
		}
	}
	return all
}
