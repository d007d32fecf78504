package model

import (
	"strconv"
	"strings"
	"sync"

	"github.com/retort-go/retort/internal/sqltext"
)

// guard is the expression that makes a statement fail inside the server unless
// the CTE done gave back exactly one row: reading a setting that nobody sets is an
// error (42704) that no user's SQL makes by accident. It must drive the statement;
// as one more output column behind the CTE's own PostgreSQL would skip it when no
// row matched.
func guard(done string) string {
	return "CASE WHEN (SELECT true FROM " + done + ") THEN true ELSE current_setting('retort.stale_row')::boolean END AS ok"
}

// texts are the statements of one table. All but UPDATE are constant; UPDATE
// has one text for each set of changed columns, kept once made.
type texts struct {
	name          string
	sqlName       string
	deletedAt     int
	keyServerMade bool
	insert        string
	delete        [2]string // guarded, alone
	selectByKey   string
	selectFrom    string // all columns, up to the table's name
	childList     string // all columns behind "c."
	updates       updateTexts

	insertColumns                    []int // written, in order of the parameters
	insertOIDs                       []uint32
	keyOIDs                          []uint32
	insertReturned                   []int
	insertMany, deleteMany, lockMany Many
	insertManyReturned               []int
	uniques                          []Unique
	blind                            bool
	updateReturned                   []int
}

func (x *texts) build(t *Table) {
	x.name, x.sqlName = t.Schema.FullName(), sqltext.Ident(t.Schema.Name)
	if t.Schema.Namespace != "" {
		x.sqlName = sqltext.Ident(t.Schema.Namespace) + "." + x.sqlName
	}
	x.deletedAt = -1
	for i, c := range t.Columns {
		if c.DeletedAt {
			x.deletedAt = i
		}
		if c.ServerMade {
			x.insertReturned = append(x.insertReturned, i)
		} else {
			x.insertColumns = append(x.insertColumns, i)
			x.insertOIDs = append(x.insertOIDs, t.Plan.OID(i))
		}
		if c.OnUpdate != "" || c.Generated {
			x.updateReturned = append(x.updateReturned, i)
		}
	}
	for _, c := range t.Key {
		x.keyOIDs = append(x.keyOIDs, t.Plan.OID(c))
		x.keyServerMade = x.keyServerMade || t.Columns[c].ServerMade
	}
	x.selectFrom = "SELECT " + columnList(t, "", t.all) + "\nFROM " + t.SQLName()
	x.childList = columnList(t, "c.", t.all)
	x.insert = x.insertText(t)
	x.delete = [2]string{deleteText(t, false), deleteText(t, true)}
	x.selectByKey = "/* retort:session.get */ " + x.selectFrom +
		"\nWHERE " + keyCondition(t, "") + live(t)
	x.buildMany(t)
	x.uniques, x.blind = uniquesOf(t), blind(t)
}

// InsertColumns lists the columns that INSERT writes, in the order of its
// parameters.
func (t *Table) InsertColumns() []int { return t.texts.insertColumns }

// InsertOIDs are the types of INSERT's parameters.
func (t *Table) InsertOIDs() []uint32 { return t.texts.insertOIDs }

// InsertReturned lists the columns that come back from INSERT.
func (t *Table) InsertReturned() []int { return t.texts.insertReturned }

// UpdateReturned lists the columns that come back from UPDATE.
func (t *Table) UpdateReturned() []int { return t.texts.updateReturned }

// InsertSQL writes one row and returns the server-made columns.
func (t *Table) InsertSQL() string { return t.texts.insert }

// SelectByKeySQL reads all columns of the row with key $1, $2, ….
func (t *Table) SelectByKeySQL() string { return t.texts.selectByKey }

// DeleteSQL deletes the row with key $1, $2, …, or marks it as deleted, and the version
// behind where there is one; it fails when that row is not there, unless it stands
// alone, and then its tag counts no row.
func (t *Table) DeleteSQL(alone bool) string {
	if alone {
		return t.texts.delete[1]
	}
	return t.texts.delete[0]
}

func (x *texts) insertText(t *Table) string {
	var b sqltext.Builder
	b.WriteString("/* retort:session.flush */ INSERT INTO ")
	b.WriteString(t.SQLName())
	if len(x.insertColumns) == 0 {
		b.WriteString("\nDEFAULT VALUES")
	} else {
		b.WriteString(" (" + columnList(t, "", x.insertColumns) + ")\nVALUES (")
		for i := range x.insertColumns {
			if i > 0 {
				b.WriteString(", ")
			}
			b.Arg()
		}
		b.WriteString(")")
	}
	if len(x.insertReturned) > 0 {
		b.WriteString("\nRETURNING " + columnList(t, "", x.insertReturned))
	}
	return b.String()
}

// live is the condition that a row is not marked as deleted.
func live(t *Table) string {
	if t.texts.deletedAt < 0 {
		return ""
	}
	return " AND " + sqltext.Ident(t.Columns[t.texts.deletedAt].Name) + " IS NULL"
}

// deleteText deletes a row, or marks it as deleted.
func deleteText(t *Table, alone bool) string {
	var b sqltext.Builder
	b.WriteString("/* retort:session.flush */ ")
	indent := opening(&b, "d", alone)
	if i := t.texts.deletedAt; i >= 0 {
		b.WriteString("UPDATE " + t.SQLName() + indent + "SET " + sqltext.Ident(t.Columns[i].Name) + " = now()")
		for _, c := range t.texts.updateReturned {
			if !t.Columns[c].Generated && c != i {
				b.WriteString(", " + sqltext.Ident(t.Columns[c].Name) + " = " + closed(t.Columns[c].OnUpdate))
			}
		}
	} else {
		b.WriteString("DELETE FROM " + t.SQLName())
	}
	b.WriteString(indent + "WHERE ")
	writeIdentity(&b, t)
	b.WriteString(live(t))
	if !alone {
		b.WriteString(indent + "RETURNING 1\n)\nSELECT " + guard("d"))
	}
	return b.String()
}

// opening begins a statement that writes one row, as the CTE name unless it stands
// alone, and says how its lines are indented.
func opening(b *sqltext.Builder, name string, alone bool) (indent string) {
	if alone {
		return "\n"
	}
	b.WriteString("WITH " + name + " AS (\n  ")
	return "\n  "
}

// UpdateSQL sets the changed columns of the row with key $1, $2, …, and the version
// behind where there is one, and returns a guard, which fails when that row is not
// there, followed by the columns of UpdateReturned. Alone it has no guard, and its tag
// counts no row then. The values of changed follow the key and the version.
func (t *Table) UpdateSQL(changed []int, alone bool) string {
	kind := keepUpdate
	if alone {
		kind = keepUpdateAlone
	}
	return t.kept(kind, changed, func() Many { return Many{SQL: updateText(t, changed, alone)} }).SQL
}

// updateTexts keeps the UPDATE of each set of changed columns. A plain map, as
// its lookup by bytes allocates nothing.
type updateTexts struct {
	mu        sync.RWMutex     // guards byColumns
	byColumns map[string]*Many // by the kind of text and the numbers of the columns, as uvarints
}

func updateText(t *Table, changed []int, alone bool) string {
	var b sqltext.Builder
	b.WriteString("/* retort:session.flush */ ")
	indent := opening(&b, "u", alone)
	b.WriteString("UPDATE " + t.SQLName() + indent + "SET ")
	first := len(t.Key) + 1
	if t.Version >= 0 {
		first++
	}
	for i, c := range changed {
		if i > 0 {
			b.WriteString(", ")
		}
		b.Ident(t.Columns[c].Name)
		b.WriteString(" = $" + strconv.Itoa(first+i))
	}
	written := len(changed)
	for _, c := range t.texts.updateReturned {
		if t.Columns[c].Generated {
			continue
		}
		if written++; written > 1 {
			b.WriteString(", ")
		}
		b.Ident(t.Columns[c].Name)
		b.WriteString(" = " + closed(t.Columns[c].OnUpdate))
	}
	b.WriteString(indent + "WHERE ")
	writeIdentity(&b, t)
	back := t.texts.updateReturned
	switch {
	case alone && len(back) == 0:
	case alone:
		b.WriteString(indent + "RETURNING " + columnList(t, "", back))
	case len(back) == 0:
		b.WriteString(indent + "RETURNING 1\n)\nSELECT " + guard("u"))
	default:
		b.WriteString(indent + "RETURNING " + columnList(t, "", back) + "\n)\nSELECT g.ok, " + columnList(t, "u.", back) +
			"\nFROM (SELECT " + guard("u") + ") AS g\nLEFT JOIN u ON true")
	}
	return b.String()
}

// closed ends a line comment inside an expression of the user's, which would
// swallow what follows.
func closed(expression string) string {
	if strings.Contains(expression, "--") {
		return expression + "\n"
	}
	return expression
}

func writeIdentity(b *sqltext.Builder, t *Table) {
	b.WriteString(keyCondition(t, ""))
	if t.Version >= 0 {
		b.WriteString(" AND ")
		b.Ident(t.Columns[t.Version].Name)
		b.WriteString(" = $" + strconv.Itoa(len(t.Key)+1))
	}
}

// SelectFrom is the beginning of a SELECT of all columns, up to the table's name.
func (t *Table) SelectFrom() string { return t.texts.selectFrom }

// ChildList is the list of all columns of the table under the alias c.
func (t *Table) ChildList() string { return t.texts.childList }

func columnList(t *Table, qualifier string, columns []int) string {
	var b sqltext.Builder
	for i, c := range columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(qualifier)
		b.Ident(t.Columns[c].Name)
	}
	return b.String()
}

// KeyOIDs are the types of SelectByKeySQL's parameters.
func (t *Table) KeyOIDs() []uint32 { return t.texts.keyOIDs }
