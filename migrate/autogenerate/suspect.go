package autogenerate

import (
	"cmp"
	"slices"

	"github.com/retort-go/retort/migrate/catalog"
)

// Suspects lists what may have got another name: something that the models no
// longer have, and something new that looks like it. Nothing was decided by it;
// what is true of it belongs in [Options.Renames].
//
//   - Shape: tables and columns, in the order of the differences. Where several new
//     ones look like one that is gone each is listed, columns of the same nullability
//     first.
func (c *Candidate) Suspects() []Renaming {
	var out []Renaming
	for _, added := range c.Differences {
		if added.Action != Add {
			continue
		}
		for _, gone := range c.gone(added) {
			if alike(c.Database, c.Models, gone, added) {
				out = append(out, Renaming{Kind: added.Kind, Namespace: added.Namespace, Table: added.Table, From: gone.Name, To: added.Name})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Renaming) int { return cmp.Compare(c.unlike(a), c.unlike(b)) })
	return out
}

// unlike is 1 for columns of which only one takes NULL.
func (c *Candidate) unlike(r Renaming) int {
	if r.Kind != catalog.KindColumn {
		return 0
	}
	from, before := c.former(r.Namespace, r.Table)
	to, after := c.Models.Table(r.Namespace, r.Table)
	if !before || !after {
		return 0
	}
	gone, before := from.Column(r.From)
	added, after := to.Column(r.To)
	if before && after && gone.NotNull != added.NotNull {
		return 1
	}
	return 0
}

// gone lists what could have been added's former self: dropped columns of its
// table, and tables that no model claims, dropped or not.
func (c *Candidate) gone(added Difference) []Difference {
	var out []Difference
	switch added.Kind {
	case catalog.KindColumn:
		for _, d := range c.Differences {
			if d.Action == Drop && d.Kind == added.Kind && d.Namespace == added.Namespace && d.Table == added.Table {
				if t, ok := c.former(d.Namespace, d.Table); ok {
					d.Table = t.Name
				}
				out = append(out, d)
			}
		}
	case catalog.KindTable:
		for i := range c.Database.Tables {
			t := &c.Database.Tables[i]
			if _, claimed := c.Models.Table(t.Namespace, t.Name); !claimed && t.Namespace == added.Namespace && !t.Partition() && !c.renamed(t) {
				out = append(out, Difference{Kind: added.Kind, Namespace: t.Namespace, Name: t.Name})
			}
		}
	}
	return out
}

// renamed reports whether a table has its new name already, by a hint.
func (c *Candidate) renamed(t *catalog.Table) bool {
	return slices.ContainsFunc(c.Differences, func(d Difference) bool {
		return d.Action == Rename && d.Kind == catalog.KindTable && d.Namespace == t.Namespace && d.From == t.Name
	})
}

// former is the table of the database that is called name now.
func (c *Candidate) former(namespace, name string) (*catalog.Table, bool) {
	for _, d := range c.Differences {
		if d.Action == Rename && d.Kind == catalog.KindTable && d.Namespace == namespace && d.Name == name {
			name = d.From
			break
		}
	}
	return c.Database.Table(namespace, name)
}

// alike reports whether two columns have the same type, or two tables the same
// columns.
func alike(from, to *catalog.Catalog, gone, added Difference) bool {
	columns := func(c *catalog.Catalog, d Difference) []string {
		t, ok := c.Table(d.Namespace, cmp.Or(d.Table, d.Name))
		if !ok {
			return nil
		}
		var out []string
		for i := range t.Columns {
			col := &t.Columns[i]
			switch {
			case d.Kind == catalog.KindTable:
				out = append(out, col.Name+" "+columnType(col))
			case col.Name == d.Name:
				out = append(out, columnType(col))
			}
		}
		return out
	}
	before := columns(from, gone)
	return len(before) > 0 && slices.Equal(before, columns(to, added))
}
