package query

import (
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

// Keyed tells whether each row of [Children.Rows] begins with the values that the
// parent has in the relation's Near columns: the row itself does not say whose it
// is.
func (c *Children) Keyed() bool { return c.Relation.Link != nil }

// Guarded tells whether filters may leave out a row of the relation that is there.
func (c *Children) Guarded() bool {
	b := &builder{world: c.World, lifted: c.Lifted}
	return len(b.guards(&source{table: c.Relation.Child}, c.Deleted)) > 0
}

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
	c.reads(b)
	b.WriteString("SELECT ")
	b.keyList(len(rel.Near), "p.")
	b.WriteString(", " + rel.Child.ChildList() + "\nFROM ")
	c.Parents.apart(b, rel.Owner, rel.Near)
	b.WriteString("\nLEFT JOIN ")
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

// reads remembers the tables of the relation.
func (c *Children) reads(b *builder) {
	b.reads(c.Relation.Child)
	if c.Relation.Link != nil {
		b.reads(c.Relation.Link)
	}
}

// from writes FROM and WHERE.
func (c *Children) from(b *builder) {
	rel := c.Relation
	c.reads(b)
	b.WriteString("\nFROM ")
	switch {
	case c.Limit >= 0:
		c.Parents.apart(b, rel.Owner, rel.Near)
		b.WriteString("\nCROSS JOIN ")
		c.lateral(b)
		return
	case c.Parents.distinct(rel.Owner, rel.Near):
		c.Parents.apart(b, rel.Owner, rel.Near)
		b.WriteString("\nJOIN ")
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
