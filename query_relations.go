package retort

import (
	"context"
	"fmt"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/query"
)

// snapshotBegin opens the transaction that parents and children are read in: two
// statements at READ COMMITTED could give a parent children that it did not have.
const snapshotBegin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

// commitRead ends it. It travels as a statement like any other: there is
// nothing to lose, so the trip may be cancelled and sent again.
const commitRead = "/* retort:session.read */ COMMIT"

// selectRows reads rows with their relations.
func (s *Session) selectRows(ctx context.Context, sel *query.Select, relations []*model.Relation) ([]mapper.Object, error) {
	parents := receiver{table: sel.Table}
	st, err := sel.Rows()
	if err != nil {
		return nil, err
	}
	if len(relations) == 0 {
		t := trip{reset: parents.reset, opens: st.Opens(), wrote: st.Writes}
		if err := s.readTrip(ctx, t, statement(st, parents.row)); err != nil {
			return nil, err
		}
		if sel.Lock != nil {
			return parents.reload(s), nil
		}
		return parents.load(s), nil
	}
	if s.open || s.snapshotIsolation() || s.unit.Dirty() || st.Opens() {
		return s.selectInTransaction(ctx, sel, relations, &parents, st)
	}
	children, statements, err := childStatements(sel, relations)
	if err != nil {
		return nil, err
	}
	statements = append([]flight.Statement{statement(st, parents.row)}, statements...)
	statements = append(statements, flight.Statement{SQL: commitRead})
	reset := func() {
		parents.reset()
		for _, c := range children {
			c.rows.reset()
		}
	}
	t := trip{begin: snapshotBegin, statements: statements, closes: true, reset: reset}
	if err := s.fly(ctx, t); err != nil {
		return nil, err
	}
	return s.join(&parents, children), nil
}

// childStatements builds one statement for each relation, over the same parents.
func childStatements(sel *query.Select, relations []*model.Relation) ([]*relationRows, []flight.Statement, error) {
	var children []*relationRows
	var statements []flight.Statement
	for _, rel := range relations {
		st, err := sel.Children(rel)
		if err != nil {
			return nil, nil, err
		}
		c := &relationRows{relation: rel, rows: receiver{table: rel.Child}}
		children = append(children, c)
		statements = append(statements, statement(st, c.rows.row))
	}
	return children, statements, nil
}

// selectInTransaction reads parents and children inside the session's own
// transaction. At READ COMMITTED each statement has a snapshot of its own, so
// the child statement says which parents it saw; children of parents that only
// the first statement saw cost a second trip.
func (s *Session) selectInTransaction(ctx context.Context, sel *query.Select, relations []*model.Relation,
	parents *receiver, st query.Statement,
) ([]mapper.Object, error) {
	var children []*relationRows
	seen := make([]map[mapper.Key]bool, len(relations))
	statements := []flight.Statement{statement(st, parents.row)}
	for i, rel := range relations {
		child, err := sel.ChildrenSeen(rel)
		if err != nil {
			return nil, err
		}
		c := &relationRows{relation: rel, rows: receiver{table: rel.Child}}
		seen[i] = make(map[mapper.Key]bool)
		children = append(children, c)
		statements = append(statements, statement(child, c.seenRow(sel.Table, seen[i])))
	}
	reset := func() {
		parents.reset()
		for i, c := range children {
			c.rows.reset()
			clear(seen[i])
		}
	}
	if err := s.readTrip(ctx, trip{reset: reset, opens: st.Opens(), wrote: st.Writes}, statements...); err != nil {
		return nil, err
	}
	if err := s.selectMissed(ctx, parents, children, seen, sel); err != nil {
		return nil, err
	}
	return s.join(parents, children), nil
}

// selectMissed reads the children of parents that their statement did not see.
func (s *Session) selectMissed(ctx context.Context, parents *receiver, children []*relationRows, seen []map[mapper.Key]bool, sel *query.Select) error {
	var statements []flight.Statement
	t := parents.table
	for i, c := range children {
		var missed []mapper.Object
		for _, p := range parents.objects {
			if !seen[i][t.KeyOf(p)] {
				missed = append(missed, p)
			}
		}
		if len(missed) == 0 {
			continue
		}
		st, err := query.ChildrenOf(sel, missed, c.relation)
		if err != nil {
			return err
		}
		statements = append(statements, statement(st, c.rows.row))
	}
	if len(statements) == 0 {
		return nil
	}
	return s.read(ctx, nil, statements...)
}

// seenRow decodes a row of ChildrenSeen: the parent's key, then a child or NULLs.
func (c *relationRows) seenRow(parent *model.Table, seen map[mapper.Key]bool) func([]flight.Field, [][]byte) error {
	var dec *mapper.Decoder
	return func(fields []flight.Field, values [][]byte) error {
		if dec == nil {
			var err error
			if dec, err = parent.Plan.Decoder(parent.Key, mapper.OIDs(fields[:len(parent.Key)])); err != nil {
				return fmt.Errorf("retort: reading %s: %w", parent.Type, err)
			}
		}
		p := parent.Plan.New()
		if err := dec.Decode(p, values[:len(parent.Key)]); err != nil {
			return fmt.Errorf("retort: reading %s: %w", parent.Type, err)
		}
		seen[parent.KeyOf(p)] = true
		fields, values = fields[len(parent.Key):], values[len(parent.Key):]
		if values[c.relation.Child.Key[0]] == nil {
			return nil
		}
		return c.rows.row(fields, values)
	}
}

// join takes everything into the session and hands the children to the parents.
func (s *Session) join(parents *receiver, children []*relationRows) []mapper.Object {
	objects := parents.load(s)
	t := parents.table
	for _, c := range children {
		child := c.relation.Child
		// By what the row says: an object that the session had before may say otherwise.
		parentOf := make([]mapper.Key, len(c.rows.objects))
		for i, o := range c.rows.objects {
			parentOf[i] = child.Plan.RowKey(o, c.relation.Columns)
		}
		byParent := make(map[mapper.Key][]any, len(objects))
		for i, o := range c.rows.load(s) {
			byParent[parentOf[i]] = append(byParent[parentOf[i]], child.Plan.Any(o))
		}
		for _, p := range objects {
			t.Field(p, c.relation).(filler).fill(byParent[t.KeyOf(p)])
		}
	}
	return objects
}
