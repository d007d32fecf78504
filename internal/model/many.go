package model

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
)

// Many is a statement that writes any number of rows: its text is the same for
// all numbers, as each column of the rows travels as one array.
//
//   - Shape: Columns are those of the parameters, in order. The guard and the
//     ordinal of the row, from 1, come before the columns of the result where
//     Guarded is set; a guard that fails names the ordinals of the rows that were
//     not there, behind [StaleRows].
type Many struct {
	SQL     string
	Columns []int
	OIDs    []uint32
	Guarded bool

	count string // the expression for the number of rows
}

// StaleRows is what the guard of a [Many] reads, with the ordinals of at most
// [MostStale] rows behind it, separated by commas: the server's error shows it.
const StaleRows = "retort.stale_row:"

// MostStale bounds the rows that a failed guard names.
const MostStale = 100

// The names inside the text of a Many. Nobody's table or column has them, which
// an expression of the user's could mean.
const (
	given   = "retort_given"
	locked  = "retort_locked"
	done    = "retort_done"
	ordinal = "retort_n"
)

func value(i int) string { return "retort_" + strconv.Itoa(i+1) }

// guard is the guard of one row, for any number of them.
func (m *Many) guard() string {
	return "CASE WHEN (SELECT count(*) FROM " + done + ") = " + m.count + " THEN true ELSE current_setting('" + StaleRows + "' || array_to_string(ARRAY(\n" +
		"  SELECT n FROM generate_series(1, " + m.count + ") AS n EXCEPT SELECT " + ordinal + " FROM " + done + " ORDER BY 1 LIMIT 100), ','))::boolean END AS ok"
}

// source is the FROM item that gives the rows of m, and what its columns are as
// values of the table's.
func (t *Table) source(m *Many) (from string, values []string) {
	var args, names []string
	for i, col := range m.Columns {
		oid, array, item := t.Unnest(col)
		m.OIDs = append(m.OIDs, oid)
		args = append(args, "$"+strconv.Itoa(i+1)+array)
		names = append(names, value(i))
		values = append(values, value(i)+item)
	}
	m.count = "cardinality(" + args[0] + ")"
	from = "unnest(" + strings.Join(args, ", ") + ") WITH ORDINALITY AS " + given + " (" + strings.Join(append(names, ordinal), ", ") + ")"
	return from, values
}

// insertMany inserts rows in the order in which they were given, so that
// identity columns number them in that order.
func insertMany(t *Table, columns, returned []int) Many {
	m := Many{Columns: columns}
	from, values := t.source(&m)
	m.SQL = "/* retort:session.flush */ INSERT INTO " + t.SQLName() + " (" + columnList(t, "", columns) + ")\nSELECT " +
		strings.Join(values, ", ") + "\nFROM " + from + "\nORDER BY " + ordinal
	if len(returned) > 0 {
		m.SQL += "\nRETURNING " + columnList(t, "", returned)
	}
	return m
}

// manyBegin is the beginning of a statement about existing rows: it locks all of
// them in the order of their keys, for rows that are locked in two orders by two
// transactions are a deadlock. The rest takes the given rows from the locked ones,
// so it cannot write a row before it is locked.
func manyBegin(t *Table, m *Many, lock string) (text string, values []string) {
	from, values := t.source(m)
	text = "/* retort:session.flush */ WITH " + locked + " AS (\n  " +
		lockText(t, given+".*", from, values, lock) + "\n), " + done + " AS (\n  "
	return text, values
}

func lockText(t *Table, result, from string, values []string, lock string) string {
	return "SELECT " + result + " FROM " + t.SQLName() + " JOIN " + from + " ON " + matches(t, values, -1) + "\n  ORDER BY " +
		columnList(t, t.SQLName()+".", t.Key) + "\n  FOR " + lock + " OF " + sqltext.Ident(t.Schema.Name)
}

// matches joins the rows of the table with the given ones by key, and by the
// version where it is not -1.
func matches(t *Table, values []string, version int) string {
	columns := t.Key
	if version >= 0 {
		columns = append(columns[:len(columns):len(columns)], version)
	}
	conditions := make([]string, len(columns))
	for i, col := range columns {
		conditions[i] = t.SQLName() + "." + sqltext.Ident(t.Columns[col].Name) + " = " + values[i]
	}
	return strings.Join(conditions, " AND ")
}

// identityColumns are the columns that say which row is meant.
func (t *Table) identityColumns() []int {
	columns := append([]int(nil), t.Key...)
	if t.Version >= 0 {
		columns = append(columns, t.Version)
	}
	return columns
}

func updateMany(t *Table, changed []int) Many {
	identity := t.identityColumns()
	m := Many{Columns: append(identity, changed...), Guarded: true}
	lock := "NO KEY UPDATE"
	if t.keyed(changed) {
		lock = "UPDATE"
	}
	text, values := manyBegin(t, &m, lock)
	var set []string
	for i, col := range changed {
		set = append(set, sqltext.Ident(t.Columns[col].Name)+" = "+values[len(identity)+i])
	}
	set = append(set, t.onUpdates(-1)...)
	text += "UPDATE " + t.SQLName() + "\n  SET " + strings.Join(set, ", ") + "\n  FROM " + locked + "\n  WHERE " +
		matches(t, values, t.Version) + "\n  RETURNING " + ordinal
	if back := t.texts.updateReturned; len(back) > 0 {
		m.SQL = text + ", " + columnList(t, t.SQLName()+".", back) + "\n)\nSELECT g.ok, " + done + "." + ordinal + ", " + columnList(t, done+".", back) +
			"\nFROM (SELECT " + m.guard() + ") AS g\nLEFT JOIN " + done + " ON true"
	} else {
		m.SQL = text + "\n)\nSELECT " + m.guard()
	}
	return m
}

// linkMany sets columns and nothing else: neither version nor times. It belongs
// to an INSERT or DELETE of the same flush, of which it is a part.
func linkMany(t *Table, columns []int) Many {
	m := Many{Columns: append(append([]int(nil), t.Key...), columns...), Guarded: true}
	text, values := manyBegin(t, &m, "UPDATE")
	var set []string
	for i, col := range columns {
		set = append(set, sqltext.Ident(t.Columns[col].Name)+" = "+values[len(t.Key)+i])
	}
	m.SQL = text + "UPDATE " + t.SQLName() + "\n  SET " + strings.Join(set, ", ") + "\n  FROM " + locked + "\n  WHERE " +
		matches(t, values, -1) + "\n  RETURNING " + ordinal + "\n)\nSELECT " + m.guard()
	return m
}

func deleteMany(t *Table) Many {
	m := Many{Columns: t.identityColumns(), Guarded: true}
	text, values := manyBegin(t, &m, "UPDATE")
	if i := t.texts.deletedAt; i >= 0 {
		set := append([]string{sqltext.Ident(t.Columns[i].Name) + " = now()"}, t.onUpdates(i)...)
		text += "UPDATE " + t.SQLName() + "\n  SET " + strings.Join(set, ", ") + "\n  FROM " + locked
	} else {
		text += "DELETE FROM " + t.SQLName() + "\n  USING " + locked
	}
	text += "\n  WHERE " + matches(t, values, t.Version)
	if i := t.texts.deletedAt; i >= 0 {
		text += " AND " + t.SQLName() + "." + sqltext.Ident(t.Columns[i].Name) + " IS NULL"
	}
	m.SQL = text + "\n  RETURNING " + ordinal + "\n)\nSELECT " + m.guard()
	return m
}

// lockMany locks rows in the order of their keys, before several statements
// write them.
func lockMany(t *Table) Many {
	m := Many{Columns: append([]int(nil), t.Key...)}
	from, values := t.source(&m)
	m.SQL = "/* retort:session.flush */ " + lockText(t, "1", from, values, "UPDATE")
	return m
}

// onUpdates are the assignments of the columns that every UPDATE sets, but for
// column but.
func (t *Table) onUpdates(but int) []string {
	var set []string
	for _, c := range t.texts.updateReturned {
		if !t.Columns[c].Generated && c != but {
			set = append(set, sqltext.Ident(t.Columns[c].Name)+" = "+closed(t.Columns[c].OnUpdate))
		}
	}
	return set
}

// keyed tells whether one of columns is unique, so that an UPDATE of it locks the
// row against foreign keys, too.
func (t *Table) keyed(columns []int) bool {
	for _, c := range columns {
		name := t.Columns[c].Name
		for _, u := range t.Schema.Uniques {
			for _, n := range u.Columns {
				if n == name {
					return true
				}
			}
		}
		for i := range t.Schema.Indexes {
			for _, p := range t.Schema.Indexes[i].Parts {
				if t.Schema.Indexes[i].Unique && p.Column == name {
					return true
				}
			}
		}
	}
	return false
}

// The kinds of texts that are kept for sets of columns.
const (
	keepUpdate byte = iota
	keepUpdateAlone
	keepUpdateMany
	keepLinkMany
)

// UpdateMany is [Table.UpdateSQL] for many rows.
func (t *Table) UpdateMany(changed []int) *Many {
	return t.kept(keepUpdateMany, changed, func() Many { return updateMany(t, changed) })
}

// LinkMany sets columns of many rows, and nothing else of them.
func (t *Table) LinkMany(columns []int) *Many {
	return t.kept(keepLinkMany, columns, func() Many { return linkMany(t, columns) })
}

// DeleteMany is [Table.DeleteSQL] for many rows.
func (t *Table) DeleteMany() *Many { return &t.texts.deleteMany }

// LockMany locks rows in the order of their keys.
func (t *Table) LockMany() *Many { return &t.texts.lockMany }

// InsertMany is [Table.InsertSQL] for many rows; nil when they cannot be told
// apart in the result, see [Table.Numbered], or no column is written.
//
//   - Shape: returns the key's columns, then the other ones of InsertReturned;
//     nothing when the database makes none. See InsertManyReturned.
func (t *Table) InsertMany() *Many {
	if t.texts.insertMany.SQL == "" {
		return nil
	}
	return &t.texts.insertMany
}

// InsertManyReturned lists the columns that come back from InsertMany.
func (t *Table) InsertManyReturned() []int { return t.texts.insertManyReturned }

// Numbered is the identity column of the key, by whose values the rows of
// InsertMany are told apart, or -1 when the program makes the whole key. An
// identity column counts up in the order of the rows, or down.
func (t *Table) Numbered() (col int, down bool) {
	for _, c := range t.Key {
		if t.Columns[c].ServerMade {
			return c, t.Schema.Columns[c].Sequence.Increment < 0
		}
	}
	return -1, false
}

func (x *texts) buildMany(t *Table) {
	x.deleteMany, x.lockMany = deleteMany(t), lockMany(t)
	if len(x.insertColumns) == 0 {
		return
	}
	if c, _ := t.Numbered(); c >= 0 && t.Schema.Columns[c].Identity == "" {
		return // made by an expression, of which we do not know the order
	}
	if len(x.insertReturned) > 0 {
		x.insertManyReturned = append([]int(nil), t.Key...)
		for _, c := range x.insertReturned {
			if !t.IsKey(c) {
				x.insertManyReturned = append(x.insertManyReturned, c)
			}
		}
	}
	x.insertMany = insertMany(t, x.insertColumns, x.insertManyReturned)
}

// kept keeps what build makes for one kind of text and set of columns.
func (t *Table) kept(kind byte, columns []int, build func() Many) *Many {
	key := append(make([]byte, 0, 64), kind)
	for _, c := range columns {
		key = binary.AppendUvarint(key, uint64(c))
	}
	x := &t.texts.updates
	x.mu.RLock()
	m, ok := x.byColumns[string(key)]
	x.mu.RUnlock()
	if ok {
		return m
	}
	fresh := build()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.byColumns == nil {
		x.byColumns = make(map[string]*Many)
	}
	x.byColumns[string(key)] = &fresh
	return &fresh
}
