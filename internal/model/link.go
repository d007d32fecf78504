package model

import "github.com/retort-go/retort/schema"

// Link is a foreign key of a table, as a flush sees it: when the row of To is
// known, Columns of the row that refers to it take the values of its Targets.
//
//   - Shape: Columns and Targets pair up; the first are of the table that has the
//     Link, the second of To, which may be the same table.
type Link struct {
	Name     string
	Columns  []int
	To       *Table
	Targets  []int
	OnDelete schema.Action

	// Deferrable constraints can wait for COMMIT, Deferred ones do unless they are
	// told otherwise.
	Deferrable, Deferred bool
}

// Connect resolves the foreign keys of tables, which have all that they refer to
// among them, and numbers their ranks: tables that others refer to come first. In
// a cycle the table that is listed first does. It is called once, before use.
func Connect(tables []*Table) {
	byName := make(map[string]*Table, len(tables))
	for _, t := range tables {
		byName[t.Schema.FullName()] = t
	}
	for _, t := range tables {
		for i := range t.Schema.ForeignKeys {
			f := &t.Schema.ForeignKeys[i]
			to := byName[f.RefFullName()]
			t.Links = append(t.Links, Link{
				Name: f.Name, Columns: t.indexes(f.Columns), To: to, Targets: to.indexes(f.RefColumns), OnDelete: f.OnDelete,
				Deferrable: f.Deferrable != schema.NotDeferrable, Deferred: f.Deferrable == schema.InitiallyDeferred,
			})
		}
	}
	const unseen, open, done = 0, 1, 2
	state := make(map[*Table]int, len(tables))
	next := 0
	var visit func(t *Table)
	visit = func(t *Table) {
		if state[t] != unseen {
			return
		}
		state[t] = open
		for i := range t.Links {
			visit(t.Links[i].To)
		}
		state[t] = done
		t.Rank = next
		next++
	}
	for _, t := range tables {
		visit(t)
	}
}

// indexes finds columns by their names.
func (t *Table) indexes(names []string) []int {
	columns := make([]int, len(names))
	for i, name := range names {
		columns[i] = t.ColumnNamed(name)
	}
	return columns
}

// ColumnNamed is the index of a column, -1 for none.
func (t *Table) ColumnNamed(name string) int {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return i
		}
	}
	return -1
}
