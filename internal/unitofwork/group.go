package unitofwork

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// mostRows bounds the rows of one statement, mostBytes its parameters: a larger
// group becomes several statements of the same flight.
const (
	mostRows  = 10_000
	mostBytes = 32 << 20
)

// Group is the changes that one statement writes: of one table and kind and, for
// updates, of one set of columns.
//
//   - Shape: made by [Unit.Work]. A group of one row has the text for one row.
type Group struct {
	Kind  Kind
	Table *model.Table

	changes []*Change
	columns []int           // of updates and links
	round   int             // see Change
	null    bool            // a link that is cut
	alone   bool            // see Work.Alone
	follows bool            // all its keys are behind those of the group before it, which is otherwise the same
	sql     string          // a command that writes no row
	rows    []mapper.Object // of an INSERT of several rows, as they came back
	matched bool            // rows are handed out; see Work.Lost
}

// Keys are the primary keys of the rows, in the form of [model.Table.KeyValue].
func (g *Group) Keys() []any {
	keys := make([]any, len(g.changes))
	for i, c := range g.changes {
		keys[i] = c.Key()
	}
	return keys
}

// StaleKeys are the keys of the rows that a failed guard names in the server's
// message, or of all rows where it names none.
func (g *Group) StaleKeys(message string) []any {
	_, list, _ := strings.Cut(message, model.StaleRows)
	if end := strings.IndexFunc(list, func(r rune) bool { return r != ',' && (r < '0' || r > '9') }); end >= 0 {
		list = list[:end]
	}
	var keys []any
	for _, n := range strings.Split(list, ",") {
		if i, err := strconv.Atoi(n); err == nil && i >= 1 && i <= len(g.changes) {
			keys = append(keys, g.changes[i-1].Key())
		}
	}
	if keys == nil {
		return g.Keys()
	}
	return keys
}

// grouped makes the statements of sorted changes: neighbors of one table and
// kind come together, updates by their set of columns.
func (w *Work) grouped(changes []*Change) []*Group {
	if len(changes) == 1 {
		c := changes[0]
		w.one.group = Group{Kind: c.Kind, Table: c.Table, changes: changes, columns: c.columns, null: c.null}
		w.one.groups[0] = &w.one.group
		return w.one.groups[:]
	}
	groups := make([]*Group, 0, min(len(changes), 4))
	for start := 0; start < len(changes); {
		end := start + 1
		for end < len(changes) && changes[end].Table == changes[start].Table && changes[end].Kind == changes[start].Kind {
			end++
		}
		groups = appendGroups(groups, changes[start:end])
		start = end
	}
	return locking(groups)
}

// appendGroups takes changes of one table and kind.
func appendGroups(groups []*Group, changes []*Change) []*Group {
	first := changes[0]
	if len(changes) == 1 {
		return append(groups, &Group{Kind: first.Kind, Table: first.Table, changes: changes, columns: first.columns, null: first.null})
	}
	if first.Kind == Insert && first.Table.InsertMany() == nil {
		for i := range changes {
			groups = append(groups, &Group{Kind: Insert, Table: first.Table, changes: changes[i : i+1]})
		}
		return groups
	}
	if first.Kind == Insert || first.Kind == Delete {
		return appendCut(groups, Group{Kind: first.Kind, Table: first.Table, changes: changes})
	}
	begin := len(groups)
	for _, c := range changes {
		at := slices.IndexFunc(groups[begin:], func(g *Group) bool {
			return g.null == c.null && g.round == c.round && slices.Equal(g.columns, c.columns)
		})
		if at < 0 {
			groups = append(groups, &Group{Kind: c.Kind, Table: c.Table, columns: c.columns, null: c.null, round: c.round})
			at = len(groups) - 1 - begin
		}
		groups[begin+at].changes = append(groups[begin+at].changes, c)
	}
	whole := slices.Clone(groups[begin:])
	groups = groups[:begin]
	for _, g := range whole {
		groups = appendCut(groups, *g)
	}
	return groups
}

// appendCut appends g in parts that are not too large.
func appendCut(groups []*Group, g Group) []*Group {
	inOrder := len(g.changes) > mostRows && g.existing() && slices.IsSortedFunc(g.changes, byKey)
	first := len(groups)
	for part := range slices.Chunk(g.changes, mostRows) {
		piece := g
		piece.changes, piece.follows = part, inOrder && len(groups) > first
		groups = append(groups, &piece)
	}
	return groups
}

// locking puts a statement that locks all rows before the first of several that
// write rows of one table: each locks its rows in the order of their keys, and
// two of them do not, but for parts of one that was too large.
func locking(groups []*Group) []*Group {
	if len(groups) < 2 {
		return groups
	}
	var several map[*model.Table][]*Group
	for i, g := range groups {
		if !g.existing() {
			continue
		}
		for _, other := range groups[i+1:] {
			if other.existing() && !other.follows && other.Table == g.Table && several[g.Table] == nil {
				if several == nil {
					several = make(map[*model.Table][]*Group)
				}
				several[g.Table] = slices.DeleteFunc(slices.Clone(groups), func(x *Group) bool { return x.Table != g.Table || !x.existing() })
			}
		}
	}
	if several == nil {
		return groups
	}
	out := make([]*Group, 0, len(groups)+len(several))
	for _, g := range groups {
		if of := several[g.Table]; of != nil && g.existing() {
			out = append(out, lockAll(of)...)
			delete(several, g.Table)
		}
		out = append(out, g)
	}
	return out
}

// existing tells whether the group writes rows that others may write, too.
func (g *Group) existing() bool { return g.sql == "" && (g.Kind == Update || g.Kind == Delete) }

// lockAll locks the rows of several groups of one table.
func lockAll(groups []*Group) []*Group {
	lock := Group{Kind: Lock, Table: groups[0].Table}
	for _, g := range groups {
		lock.changes = append(lock.changes, g.changes...)
	}
	slices.SortStableFunc(lock.changes, byKey)
	return appendCut(nil, lock)
}

// statement encodes the group. The row callbacks write to the changes and not to
// the objects.
func (g *Group) statement() (flight.Statement, error) {
	if g.sql != "" {
		return flight.Statement{SQL: g.sql}, nil
	}
	if len(g.changes) == 1 && g.Kind != Link && g.Kind != Lock {
		return g.changes[0].Statement(g.alone)
	}
	var m *model.Many
	st := flight.Statement{}
	switch g.Kind {
	case Insert:
		m = g.Table.InsertMany()
		if len(g.Table.InsertManyReturned()) > 0 {
			st.Row = g.inserted()
		}
	case Update:
		m = g.Table.UpdateMany(g.columns)
		if len(g.Table.UpdateReturned()) > 0 {
			st.Row = g.updated()
		}
	case Delete:
		m = g.Table.DeleteMany()
	case Link:
		m = g.Table.LinkMany(g.columns)
	case Lock:
		m = g.Table.LockMany()
	}
	args := mapper.Args{}
	room(&args, len(m.Columns))
	objects := make([]mapper.Object, len(g.changes))
	size := 0
	for i, col := range m.Columns {
		g.holders(objects, col, g.null && i >= len(g.Table.Key))
		size += g.Table.Plan.ColumnSize(objects, col)
	}
	args.Expect(size)
	for i, col := range m.Columns {
		g.holders(objects, col, g.null && i >= len(g.Table.Key))
		if err := g.Table.Plan.AppendColumn(&args, objects, col); err != nil {
			return st, fmt.Errorf("retort: %s %s: %w", g.Kind, g.Table.Type, err)
		}
	}
	st.SQL, st.OIDs, st.Args, st.Formats, st.Secrets = m.SQL, m.OIDs, args.Values, args.Formats, args.Secrets
	return st, nil
}

// holders are the objects that have what the group writes to a column.
func (g *Group) holders(objects []mapper.Object, col int, null bool) {
	if null {
		none := g.Table.Plan.New()
		for i := range objects {
			objects[i] = none
		}
		return
	}
	for i, c := range g.changes {
		objects[i] = c.holder(col)
	}
}

// inserted takes the rows of an INSERT.
func (g *Group) inserted() func([]flight.Field, [][]byte) error {
	t := g.Table
	g.rows = nil
	batch := t.Plan.NewBatch(len(g.changes))
	return func(fields []flight.Field, values [][]byte) error {
		dec, err := t.Decoder(model.ResultInsertMany, fields)
		if err != nil {
			return err
		}
		o, err := dec.DecodeNew(batch, values)
		g.rows = append(g.rows, o)
		return err
	}
}

// match hands the rows of an INSERT to its changes. They are told apart by their
// keys, which the program made; or by the number in them, as the database counts
// the rows in the order in which they were given.
func (g *Group) match() {
	t := g.Table
	if g.matched || g.Kind != Insert || len(g.changes) < 2 || len(t.InsertManyReturned()) == 0 {
		return
	}
	back := t.InsertReturned()
	for _, c := range g.changes {
		c.back = back
	}
	if numbered, down := t.Numbered(); numbered >= 0 {
		if len(g.rows) != len(g.changes) {
			return // nobody knows which are missing
		}
		slices.SortFunc(g.rows, func(a, b mapper.Object) int {
			if down {
				a, b = b, a
			}
			return t.Plan.CompareKeys(a, b, numbered)
		})
		for i, c := range g.changes {
			c.result = g.rows[i]
		}
		return
	}
	var byKey map[mapper.Key]mapper.Object
	for i, c := range g.changes {
		key := t.KeyOf(c.state.object)
		if i < len(g.rows) && t.KeyOf(g.rows[i]) == key {
			c.result = g.rows[i] // most often they come as they went
			continue
		}
		if byKey == nil {
			byKey = make(map[mapper.Key]mapper.Object, len(g.rows))
			for _, row := range g.rows {
				byKey[t.KeyOf(row)] = row
			}
		}
		c.result = byKey[key]
	}
}

// updated takes the rows of an UPDATE: the guard, the ordinal, what the database
// made.
func (g *Group) updated() func([]flight.Field, [][]byte) error {
	t := g.Table
	batch := t.Plan.NewBatch(len(g.changes))
	return func(fields []flight.Field, values [][]byte) error {
		dec, err := t.Decoder(model.ResultUpdate, fields[2:])
		if err != nil {
			return err
		}
		n := int64(0)
		if len(values[1]) == 8 {
			n = int64(binary.BigEndian.Uint64(values[1]))
		}
		if n < 1 || n > int64(len(g.changes)) {
			return fmt.Errorf("retort: UPDATE %s returned row %d of %d", t.Type, n, len(g.changes))
		}
		c := g.changes[n-1]
		c.back = t.UpdateReturned()
		c.result, err = dec.DecodeNew(batch, values[2:])
		return err
	}
}
