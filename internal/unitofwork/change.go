package unitofwork

import (
	"fmt"
	"slices"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// Kind is what a change does to its row.
type Kind uint8

// The kinds of changes.
const (
	Insert Kind = iota
	Update
	Delete
	Link // sets a foreign key apart from the rest of its row, which is inserted or deleted
	Lock // locks rows that other statements write
)

var kindNames = [...]string{"INSERT", "UPDATE", "DELETE", "UPDATE", "SELECT FOR UPDATE"}

// String is the SQL verb.
func (k Kind) String() string { return kindNames[k] }

// Change is one row to write: its statement, and what comes back.
//
//   - Shape: made by [Unit.Work]; after its flight succeeded it goes to
//     [Unit.Apply], otherwise it is dropped and made anew.
type Change struct {
	Kind  Kind
	Table *model.Table

	state   *state
	columns []int         // changed columns of an update
	rest    []int         // more of them, which a Link behind new rows writes
	result  mapper.Object // holds what the server made
	back    []int         // columns of result
	stamps  stamps        // what the program's clock makes
	nulls   []int         // foreign keys of an insert that are set by a Link behind it
	null    bool          // of a Link: columns become NULL
	came    int           // its place before it was sorted
	early   bool          // of a delete: it goes before other changes
	round   int           // of an update: behind those of lower ones, which free its unique values
}

// Key is the primary key of the row, in the form of [model.Table.KeyValue]; for
// an insert with a server-made key it is the zero value of its type.
func (c *Change) Key() any { return c.Table.KeyValue(c.state.object) }

// written are all columns that an update changes.
func (c *Change) written() []int {
	if c.rest == nil {
		return c.columns
	}
	all := slices.Concat(c.columns, c.rest)
	slices.Sort(all)
	return all
}

// Statement encodes the change, with a guard unless it stands alone. The row
// callback writes to the change and not to the object.
func (c *Change) Statement(alone bool) (flight.Statement, error) {
	var args mapper.Args
	st := flight.Statement{}
	var err error
	switch c.Kind {
	case Insert:
		err = c.insert(&st, &args)
	case Update:
		err = c.update(&st, &args, alone)
	case Delete:
		st.SQL = c.Table.DeleteSQL(alone)
		err = c.identity(&st, &args)
	}
	if err != nil {
		return st, fmt.Errorf("retort: %s %s: %w", c.Kind, c.Table.Type, err)
	}
	st.Args, st.Formats, st.Secrets = args.Values, args.Formats, args.Secrets
	return st, nil
}

func (c *Change) insert(st *flight.Statement, args *mapper.Args) error {
	t := c.Table
	st.SQL = t.InsertSQL()
	st.OIDs = t.InsertOIDs()
	n := len(t.InsertColumns())
	room(args, n)
	args.Expect(32 * n)
	for _, col := range t.InsertColumns() {
		if err := t.Plan.Append(args, c.holder(col), col); err != nil {
			return err
		}
	}
	if c.back = t.InsertReturned(); len(c.back) > 0 {
		st.Row = c.receive(model.ResultInsert, 0)
	}
	return nil
}

func (c *Change) update(st *flight.Statement, args *mapper.Args, alone bool) error {
	t := c.Table
	st.SQL = t.UpdateSQL(c.columns, alone)
	st.OIDs = room(args, len(t.Key)+1+len(c.columns))
	if err := c.identity(st, args); err != nil {
		return err
	}
	for _, col := range c.columns {
		st.OIDs = append(st.OIDs, t.Plan.OID(col))
		if err := t.Plan.Append(args, c.holder(col), col); err != nil {
			return err
		}
	}
	if c.back = t.UpdateReturned(); len(c.back) > 0 {
		guards := 1
		if alone {
			guards = 0
		}
		st.Row = c.receive(model.ResultUpdate, guards)
	}
	return nil
}

// room makes the lists of a statement's parameters at once, with those of their
// types.
func room(args *mapper.Args, n int) (oids []uint32) {
	const usual = 12
	if n > usual {
		args.Values, args.Formats = make([][]byte, 0, n), make([]int16, 0, n)
		return make([]uint32, 0, n)
	}
	lists := new(struct {
		values  [usual][]byte
		formats [usual]int16
		oids    [usual]uint32
	})
	args.Values, args.Formats = lists.values[:0], lists.formats[:0]
	return lists.oids[:0]
}

// identity appends the key, and the version that the session last saw.
func (c *Change) identity(st *flight.Statement, args *mapper.Args) error {
	t := c.Table
	st.OIDs = append(st.OIDs, t.KeyOIDs()...)
	for _, col := range t.Key {
		if err := t.Plan.Append(args, c.state.object, col); err != nil {
			return err
		}
	}
	if t.Version < 0 {
		return nil
	}
	st.OIDs = append(st.OIDs, t.Plan.OID(t.Version))
	return t.Plan.Append(args, c.state.object, t.Version)
}

// receive decodes the columns behind the first skip ones, which are guards.
func (c *Change) receive(result model.Result, skip int) func([]flight.Field, [][]byte) error {
	return func(fields []flight.Field, values [][]byte) error {
		dec, err := c.Table.Decoder(result, fields[skip:])
		if err != nil {
			return err
		}
		c.result = c.Table.Plan.New()
		return dec.Decode(c.result, values[skip:])
	}
}
