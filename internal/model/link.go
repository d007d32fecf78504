package model

import (
	"slices"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/schema"
)

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

	// Back is set for a reference to the table itself, or to one that does not come
	// before it in the order of ranks: part of a cycle.
	Back bool
}

// ServerMade tells whether the database makes what the link refers to, so that it
// is not known before the row is inserted.
func (l *Link) ServerMade() bool {
	for _, col := range l.Targets {
		if l.To.Columns[col].ServerMade {
			return true
		}
	}
	return false
}

// Connect resolves the foreign keys of tables, which have all that they refer to
// among them, and numbers their ranks: tables that others refer to come first. A
// cycle begins at a table whose foreign keys can wait or be NULL, or else at the
// one that is listed first. It is called once, before use.
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
	ranked := make(map[*Table]bool, len(tables))
	for n := range tables {
		next := nextRanked(tables, ranked)
		next.Rank, ranked[next] = n, true
	}
	for _, t := range tables {
		for i := range t.Links {
			l := &t.Links[i]
			l.Back = l.To.Rank >= t.Rank
			t.Circular = t.Circular || l.Back
		}
	}
}

// nextRanked is the first table that refers to ranked ones only, as far as that
// can be.
func nextRanked(tables []*Table, ranked map[*Table]bool) *Table {
	var soft, first *Table
	for _, t := range tables {
		if ranked[t] {
			continue
		}
		waits, must := false, false
		for i := range t.Links {
			l := &t.Links[i]
			if l.To == t || ranked[l.To] {
				continue
			}
			waits, must = true, must || !l.mayWait(t)
		}
		switch {
		case !waits:
			return t
		case !must && soft == nil:
			soft = t
		case first == nil:
			first = t
		}
	}
	if soft != nil {
		return soft
	}
	return first
}

// mayWait tells whether a row of t can be there before the one it refers to.
func (l *Link) mayWait(t *Table) bool {
	for _, col := range l.Columns {
		if t.Plan.Nullable(col) && !t.IsKey(col) {
			return true
		}
	}
	return l.Deferrable
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

// Nulls tells whether the database sets the columns to something else when the
// row that they refer to is deleted.
func (l *Link) Nulls() bool { return l.OnDelete == schema.SetNull || l.OnDelete == schema.SetDefault }

// Acts tells whether the database does anything to the row when the one that it
// refers to is deleted.
func (l *Link) Acts() bool { return l.OnDelete == schema.Cascade || l.Nulls() }

// ConstraintName is a constraint of the table as SQL text.
func (t *Table) ConstraintName(name string) string {
	if t.Schema.Namespace == "" {
		return sqltext.Ident(name)
	}
	return sqltext.Ident(t.Schema.Namespace) + "." + sqltext.Ident(name)
}

// Unique is a set of columns that no two rows agree in.
//
//   - Shape: Partial is for some rows only, by a condition that is not known here.
type Unique struct {
	Name                 string
	Columns              []int
	Partial, NullsEqual  bool
	Deferrable, Deferred bool
}

// Blind tells whether rows of the table can exclude each other by what only the
// server can compare: expressions, collations, exclusion constraints.
func (t *Table) Blind() bool { return t.texts.blind }

func blind(t *Table) bool {
	if len(t.Schema.Exclusions) > 0 {
		return true
	}
	for i := range t.Schema.Indexes {
		ix := &t.Schema.Indexes[i]
		if ix.Unique && slices.ContainsFunc(ix.Parts, func(p schema.IndexPart) bool { return p.Expression != "" || p.Collation != "" }) {
			return true
		}
	}
	for _, u := range uniquesOf(t) {
		if slices.ContainsFunc(u.Columns, func(col int) bool { return t.Schema.Columns[col].Collation != "" || !plainlyEqual(t.Plan, col) }) {
			return true
		}
	}
	return false
}

// plainlyEqual tells whether two values of a column are equal for the server when
// they are for the program: not those of citext or char(n).
func plainlyEqual(plan *mapper.Plan, col int) bool {
	const char = 1042
	oid := plan.OID(col)
	return plan.Column(col).Enum || oid != char && oid != 0
}

// Uniques are the table's unique constraints and indexes, the primary key first
// when the program makes it. Those over expressions are left out: their values
// are not known here; see [Table.Blind].
func (t *Table) Uniques() []Unique { return t.texts.uniques }

func uniquesOf(t *Table) []Unique {
	var all []Unique
	if !t.texts.keyServerMade {
		all = append(all, Unique{Columns: t.Key})
	}
	for _, u := range t.Schema.Uniques {
		all = append(all, Unique{
			Name: u.Name, Columns: t.indexes(u.Columns), Partial: u.Where != "", NullsEqual: u.NullsNotDistinct,
			Deferrable: u.Deferrable != schema.NotDeferrable, Deferred: u.Deferrable == schema.InitiallyDeferred,
		})
	}
	for i := range t.Schema.Indexes {
		ix := &t.Schema.Indexes[i]
		u := Unique{Name: ix.Name, Partial: ix.Where != "", NullsEqual: ix.NullsNotDistinct}
		for _, p := range ix.Parts {
			if p.Expression != "" {
				u.Columns = nil
				break
			}
			u.Columns = append(u.Columns, t.ColumnNamed(p.Column))
		}
		if ix.Unique && len(u.Columns) > 0 {
			all = append(all, u)
		}
	}
	return all
}

// CascadesUpdates reports whether a row of the table can refer to another one by
// what may change there: the database may then change it together with that.
func (t *Table) CascadesUpdates() bool {
	for i := range t.Links {
		l := &t.Links[i]
		if l.To == t && slices.ContainsFunc(l.Targets, func(col int) bool { return !t.IsKey(col) }) {
			return true
		}
	}
	return false
}
