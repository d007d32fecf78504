package query

import (
	"slices"
	"strconv"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// Children reads the rows that a relation holds, of any number of parents: one
// text for all of them.
//
//   - Shape: Limit bounds the rows of each parent; below zero is none. Deleted
//     reads the rows that are marked as deleted, too.
type Children struct {
	Label    string
	Relation *model.Relation
	Where    []Predicate
	Order    []Order
	Limit    int
	Deleted  bool
	World    World
	Lifted   []string // names of filters that it leaves out
	Parents  Parents
}

// Parents says whose rows are read: those of a query, those of a relation, or
// the given objects.
type Parents struct {
	Select   *Select
	Children *Children
	Objects  []mapper.Object
}

// Keyed tells whether each row of [Children.Rows] begins with the values that the
// parent has in the relation's Near columns: the row itself does not say whose it
// is.
func (c *Children) Keyed() bool { return c.Relation.Link != nil }

// Rows is the statement that reads the rows, in the order of the relation for
// each parent.
func (c *Children) Rows() (Statement, error) {
	b := newBuilder(c.Label, c.Relation.Child, "c.")
	b.world = c.World
	b.WriteString("SELECT ")
	switch rel := c.Relation; {
	case rel.Link == nil:
	case c.Limit >= 0:
		b.keyList(len(rel.Near), "p.")
		b.WriteString(", ")
	default:
		b.list(rel.Link, "l.", rel.LinkNear)
		b.WriteString(", ")
	}
	b.WriteString(c.Relation.Child.ChildList())
	c.from(b)
	c.order(b)
	return b.statement()
}

// Seen is the statement that reads the Near columns of every parent that it sees,
// followed by one of the rows or NULLs: for transactions in which each statement
// has a snapshot of its own.
func (c *Children) Seen() (Statement, error) {
	rel := c.Relation
	b := newBuilder(c.Label, rel.Child, "c.")
	b.world = c.World
	b.WriteString("SELECT ")
	b.keyList(len(rel.Near), "p.")
	b.WriteString(", " + rel.Child.ChildList() + "\nFROM (")
	c.Parents.write(b, rel.Owner, rel.Near, true)
	b.WriteString(") AS p\nLEFT JOIN ")
	switch {
	case c.Limit >= 0:
		c.lateral(b)
		b.WriteString(" ON true")
	case rel.Link == nil:
		b.WriteString(rel.Child.SQLName() + " AS c ON ")
		b.pairs(rel.Child, "c.", rel.Columns)
		c.conditions(b)
	default:
		b.WriteString("(")
		c.joined(b)
		b.WriteString(") ON ")
		b.pairs(rel.Link, "l.", rel.LinkNear)
		c.conditions(b)
	}
	c.order(b)
	return b.statement()
}

// from writes FROM and WHERE.
func (c *Children) from(b *builder) {
	rel := c.Relation
	b.WriteString("\nFROM ")
	switch {
	case c.Limit >= 0:
		b.WriteString("(")
		c.Parents.write(b, rel.Owner, rel.Near, true)
		b.WriteString(") AS p\nCROSS JOIN ")
		c.lateral(b)
		return
	case c.Parents.distinct(rel.Owner, rel.Near):
		b.WriteString("(")
		c.Parents.write(b, rel.Owner, rel.Near, true)
		b.WriteString(") AS p\nJOIN ")
		if rel.Link == nil {
			b.WriteString(rel.Child.SQLName() + " AS c ON ")
			b.pairs(rel.Child, "c.", rel.Columns)
			break
		}
		b.WriteString(rel.Link.SQLName() + " AS l ON ")
		b.pairs(rel.Link, "l.", rel.LinkNear)
		b.WriteString("\nJOIN " + rel.Child.SQLName() + " AS c ON ")
		c.tied(b)
	case rel.Link == nil:
		b.WriteString(rel.Child.SQLName() + " AS c\nWHERE ")
		b.row(rel.Child, "c.", rel.Columns)
		c.Parents.contain(b, rel.Owner, rel.Near)
	default:
		c.joined(b)
		b.WriteString("\nWHERE ")
		b.row(rel.Link, "l.", rel.LinkNear)
		c.Parents.contain(b, rel.Owner, rel.Near)
	}
	c.conditions(b)
}

// distinct tells that no two of the parents, rows of t, have the same values in the
// columns, and that a join with them repeats no row. It spares the server the
// search for repetitions that IN is, and leaves the rows in the order of the
// parents, which is mostly nearer to the one that is asked for: 936 in place of
// 1,064 µs of the backend for 20 parents with 20 rows each.
func (p Parents) distinct(t *model.Table, columns []int) bool {
	for _, col := range t.Key {
		if !slices.Contains(columns, col) {
			return false
		}
	}
	switch {
	case p.Select != nil:
		return len(p.Select.Joins) == 0 && p.Select.From.Rows == nil
	case p.Children != nil:
		return p.Children.Relation.Link == nil && p.Children.Limit < 0
	}
	return false
}

// joined is the table in between and that of the rows.
func (c *Children) joined(b *builder) {
	rel := c.Relation
	b.WriteString(rel.Link.SQLName() + " AS l JOIN " + rel.Child.SQLName() + " AS c ON ")
	c.tied(b)
}

// tied is the condition that the row in between leads to the row.
func (c *Children) tied(b *builder) {
	rel := c.Relation
	for i, col := range rel.Columns {
		if i > 0 {
			b.WriteString(" AND ")
		}
		b.WriteString("c.")
		b.Ident(rel.Child.Columns[col].Name)
		b.WriteString(" = l.")
		b.Ident(rel.Link.Columns[rel.LinkFar[i]].Name)
	}
}

// lateral reads the first rows of the parent p.
func (c *Children) lateral(b *builder) {
	rel := c.Relation
	b.WriteString("LATERAL (SELECT " + rel.Child.ChildList() + " FROM ")
	if rel.Link == nil {
		b.WriteString(rel.Child.SQLName() + " AS c\nWHERE ")
		b.pairs(rel.Child, "c.", rel.Columns)
	} else if rel.Through {
		c.once(b)
	} else {
		c.joined(b)
		b.WriteString("\nWHERE ")
		b.pairs(rel.Link, "l.", rel.LinkNear)
	}
	c.conditions(b)
	c.order(b)
	b.WriteString("\nLIMIT " + strconv.Itoa(c.Limit) + ") AS c")
}

// once is a row as often as it is there, and not as often as rows in between lead
// to it: those of a model of its own may be several for one pair.
func (c *Children) once(b *builder) {
	rel := c.Relation
	b.WriteString(rel.Child.SQLName() + " AS c\nWHERE EXISTS (SELECT FROM " + rel.Link.SQLName() + " AS l WHERE ")
	b.pairs(rel.Link, "l.", rel.LinkNear)
	b.WriteString(" AND ")
	c.tied(b)
	b.within(rel.Child, "c.", func() {
		b.lifted = c.Lifted
		for _, p := range b.guards(&source{table: rel.Link, qualifier: "l."}, c.Deleted) {
			b.WriteString(" AND ")
			b.predicate(p)
		}
	})
	b.WriteString(")")
}

// conditions writes those of the rows, behind others.
func (c *Children) conditions(b *builder) {
	b.within(c.Relation.Child, "c.", func() {
		b.lifted = c.Lifted
		guards := b.guards(&b.sources[0], c.Deleted)
		if rel := c.Relation; rel.Link != nil && !(rel.Through && c.Limit >= 0) { // see once
			guards = append(guards, b.guards(&source{table: rel.Link, qualifier: "l."}, c.Deleted)...)
		}
		for _, p := range guards {
			b.WriteString(" AND ")
			b.predicate(p)
		}
		if !allEmpty(c.Where) {
			b.WriteString(" AND ")
			b.joined(c.Where, " AND ")
		}
	})
}

// order writes ORDER BY, the primary key last.
func (c *Children) order(b *builder) {
	child := c.Relation.Child
	b.within(child, "c.", func() {
		b.orderBy(b.keys(&Select{Table: child, Order: c.Order, Total: true}))
	})
}

// contain writes that what stands before is in columns of the parents.
func (p Parents) contain(b *builder, t *model.Table, columns []int) {
	if p.Select != nil || p.Children != nil || len(columns) > 1 {
		b.WriteString(" IN (")
		p.write(b, t, columns, false)
		b.WriteString(")")
		return
	}
	b.WriteString(" = ANY(")
	b.array(t, p.Objects, columns[0])
	b.WriteString(")")
}

// write writes the statement that reads columns of the parents, rows of t; named
// under the names of [builder.keyList].
func (p Parents) write(b *builder, t *model.Table, columns []int, named bool) {
	switch {
	case p.Select != nil:
		b.within(t, "", func() {
			b.enter(p.Select)
			b.WriteString("SELECT ")
			b.namedList(t, b.sources[0].qualifier, columns, named)
			b.WriteString(" FROM ")
			b.tableName(p.Select)
			b.tail(p.Select, false)
		})
	case p.Children != nil:
		b.within(t, "c.", func() {
			b.WriteString("SELECT ")
			b.namedList(t, "c.", columns, named)
			p.Children.from(b)
		})
	default:
		b.WriteString("SELECT ")
		for i, col := range columns {
			if i > 0 {
				b.WriteString(", ")
			}
			_, _, item := t.Unnest(col)
			b.WriteString("u." + keyAlias(i) + item)
			if item != "" {
				b.WriteString(" AS " + keyAlias(i))
			}
		}
		b.WriteString(" FROM unnest(")
		for i, col := range columns {
			if i > 0 {
				b.WriteString(", ")
			}
			b.array(t, p.Objects, col)
		}
		b.WriteString(") AS u(")
		b.keyList(len(columns), "")
		b.WriteString(")")
	}
}

// array passes a column of objects as one parameter.
func (b *builder) array(t *model.Table, objects []mapper.Object, col int) {
	oid, array, _ := t.Unnest(col)
	if err := t.Plan.AppendColumn(&b.args, objects, col); err != nil {
		b.errs = append(b.errs, err)
		return
	}
	b.bind(oid)
	b.WriteString(array)
}

// within resolves field pointers against t alone while f writes.
func (b *builder) within(t *model.Table, qualifier string, f func()) {
	sources, entered, lifted, grouped, outputs := b.sources, b.entered, b.lifted, b.grouped, b.outputs
	b.sources, b.entered, b.outputs = []source{{table: t, qualifier: qualifier}}, nil, nil
	f()
	b.sources, b.entered, b.lifted, b.grouped, b.outputs = sources, entered, lifted, grouped, outputs
}

// keyAlias names the parent's column i.
func keyAlias(i int) string {
	if i == 0 {
		return "retort_key"
	}
	return "retort_key" + strconv.Itoa(i+1)
}

// keyList is the first n of those names.
func (b *builder) keyList(n int, qualifier string) {
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(qualifier + keyAlias(i))
	}
}

// pairs is the condition that columns of t equal those of the parent p.
func (b *builder) pairs(t *model.Table, qualifier string, columns []int) {
	for i, col := range columns {
		if i > 0 {
			b.WriteString(" AND ")
		}
		b.WriteString(qualifier)
		b.Ident(t.Columns[col].Name)
		b.WriteString(" = p." + keyAlias(i))
	}
}

// row writes one column, or several as a row.
func (b *builder) row(t *model.Table, qualifier string, columns []int) {
	if len(columns) == 1 {
		b.list(t, qualifier, columns)
		return
	}
	b.WriteString("(")
	b.list(t, qualifier, columns)
	b.WriteString(")")
}

func (b *builder) list(t *model.Table, qualifier string, columns []int) {
	b.namedList(t, qualifier, columns, false)
}

func (b *builder) namedList(t *model.Table, qualifier string, columns []int, named bool) {
	for i, col := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(qualifier)
		b.Ident(t.Columns[col].Name)
		if named {
			b.WriteString(" AS " + keyAlias(i))
		}
	}
}
