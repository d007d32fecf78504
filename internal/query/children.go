package query

import (
	"strconv"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// Children is the statement that reads the rows of rel whose parents are the
// rows of q, by key of the child.
func (q *Select) Children(rel *model.Relation) (Statement, error) {
	b := newBuilder(q.Label, q.Table, "")
	b.enter(q)
	b.WriteString("SELECT ")
	b.WriteString(rel.Child.ChildList())
	b.WriteString("\nFROM ")
	b.WriteString(rel.Child.SQLName())
	b.WriteString(" AS c\nWHERE ")
	b.row(rel.Child, "c.", rel.Columns)
	b.WriteString(" IN (SELECT ")
	b.list(q.Table, b.sources[0].qualifier, q.Table.Key)
	b.WriteString(" FROM ")
	b.tableName(q)
	b.tail(q)
	b.WriteString(")")
	b.live(rel, "c.", q.Deleted)
	b.byKey(rel.Child, "c.")
	return b.statement()
}

// ChildrenSeen reads the key of every parent that it sees, followed by the columns
// of one of its children, or NULLs.
func (q *Select) ChildrenSeen(rel *model.Relation) (Statement, error) {
	b := newBuilder(q.Label, q.Table, "")
	b.enter(q)
	b.WriteString("SELECT ")
	for i := range q.Table.Key {
		b.WriteString("p." + keyAlias(i) + ", ")
	}
	b.WriteString(rel.Child.ChildList())
	b.WriteString("\nFROM (SELECT ")
	for i, col := range q.Table.Key {
		if i > 0 {
			b.WriteString(", ")
		}
		b.column(b.sources[0], col)
		b.WriteString(" AS " + keyAlias(i))
	}
	b.WriteString(" FROM ")
	b.tableName(q)
	b.tail(q)
	b.WriteString(") AS p\nLEFT JOIN ")
	b.WriteString(rel.Child.SQLName())
	b.WriteString(" AS c ON ")
	for i, col := range rel.Columns {
		if i > 0 {
			b.WriteString(" AND ")
		}
		b.WriteString("c.")
		b.Ident(rel.Child.Columns[col].Name)
		b.WriteString(" = p." + keyAlias(i))
	}
	b.live(rel, "c.", q.Deleted)
	b.byKey(rel.Child, "c.")
	return b.statement()
}

// keyAlias names the parent's key column i in ChildrenSeen.
func keyAlias(i int) string {
	if i == 0 {
		return "retort_key"
	}
	return "retort_key" + strconv.Itoa(i+1)
}

// ChildrenOf reads the rows of rel that belong to the given parents, with deleted
// those that are marked as deleted, too.
func ChildrenOf(q *Select, parents []mapper.Object, rel *model.Relation) (Statement, error) {
	t, deleted := q.Table, q.Deleted
	b := newBuilder(q.Label, t, "")
	b.world, b.lifted = q.World, q.Lifted
	b.WriteString(rel.Child.SelectFrom())
	b.WriteString("\nWHERE ")
	b.row(rel.Child, "", rel.Columns)
	if len(t.Key) == 1 {
		b.WriteString(" = ANY(")
	} else {
		b.WriteString(" IN (SELECT * FROM unnest(")
	}
	for i, col := range t.Key {
		if i > 0 {
			b.WriteString(", ")
		}
		oid, array, _ := t.Unnest(col)
		if err := t.Plan.AppendColumn(&b.args, parents, col); err != nil {
			return Statement{}, err
		}
		b.oids = append(b.oids, oid)
		b.Arg()
		b.WriteString(array)
	}
	b.WriteString(")")
	if len(t.Key) > 1 {
		b.WriteString(")")
	}
	b.live(rel, "", deleted)
	b.byKey(rel.Child, "")
	return b.statement()
}

// live writes the conditions that the filters put on children of rel.
func (b *builder) live(rel *model.Relation, qualifier string, deleted bool) {
	for _, p := range b.guards(&source{table: rel.Child, qualifier: qualifier}, deleted) {
		b.WriteString(" AND ")
		b.predicate(p)
	}
}

// byKey orders by the primary key of t.
func (b *builder) byKey(t *model.Table, qualifier string) {
	b.WriteString("\nORDER BY ")
	b.list(t, qualifier, t.Key)
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
	for i, col := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(qualifier)
		b.Ident(t.Columns[col].Name)
	}
}
