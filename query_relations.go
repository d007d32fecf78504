package retort

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/query"
	"github.com/retort-go/retort/internal/unitofwork"
)

// snapshotBegin opens the transaction that parents and children are read in: two
// statements at READ COMMITTED could give a parent children that it did not have.
const snapshotBegin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

// commitRead ends it. It travels as a statement like any other: there is
// nothing to lose, so the trip may be cancelled and sent again.
const commitRead = "/* retort:session.read */ COMMIT"

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

// selectRows reads rows with their relations.
func (s *Session) selectRows(ctx context.Context, sel *query.Select, relations []*loader) ([]mapper.Object, error) {
	parents := receiver{table: sel.Table, expect: expected(sel.Limit)}
	st, err := sel.Rows()
	if err != nil {
		return nil, err
	}
	if len(relations) == 0 {
		t := trip{reset: parents.reset, opens: st.Opens(), wrote: st.Writes}
		if err := s.readTrip(ctx, t, statement(st, parents.row)); err != nil {
			return nil, err
		}
		return parents.take(s, sel), nil
	}
	if st.Writes { // once: the statements of the relations have it inside
		return s.selectInTransaction(ctx, sel, relations, &parents, st, true)
	}
	batch, statements, opens, err := relationStatements(sel.Label, relations, query.Parents{Select: sel})
	if err != nil {
		return nil, err
	}
	batch.of(&parents)
	if opens = opens || st.Opens(); (s.open || s.unit.Dirty() || opens) && !s.snapshotIsolation() {
		return s.selectInTransaction(ctx, sel, relations, &parents, st, opens)
	}
	statements = append([]flight.Statement{statement(st, parents.row)}, statements...)
	reset := func() {
		parents.reset()
		batch.reset()
	}
	if err := s.readSnapshot(ctx, reset, statements); err != nil {
		return nil, err
	}
	objects := parents.take(s, sel)
	return objects, s.fillAll(objects, batch)
}

// take is load for the rows of sel; those that it locks are as they are now.
func (r *receiver) take(s *Session, sel *query.Select) []mapper.Object {
	if sel.Lock != nil {
		return r.reload(s)
	}
	return r.load(s)
}

// readSnapshot reads statements that all see the same data: in a transaction of
// their own, or in the session's where that has one snapshot.
func (s *Session) readSnapshot(ctx context.Context, reset func(), statements []flight.Statement) error {
	if s.open || s.snapshotIsolation() {
		return s.read(ctx, reset, statements...)
	}
	s.countReads(ctx, statements)
	statements = append(statements, flight.Statement{SQL: commitRead})
	return s.fly(ctx, trip{begin: snapshotBegin, statements: statements, closes: true, reset: reset})
}

// relationRows are the rows that one statement read, and those of relations of
// theirs.
type relationRows struct {
	loader  *loader
	parents *receiver // whose rows the statement went by; nil: by objects of the session
	rows    receiver
	keyed   bool // each row begins with the parent's columns
	keys    *mapper.Decoder
	owners  []mapper.Key // of the rows, in their order, where they are keyed
	seen    map[mapper.Key]bool
	nested  relationBatch
}

type relationBatch []*relationRows

// of tells the batch whose rows its statements go by.
func (b relationBatch) of(parents *receiver) relationBatch {
	for _, r := range b {
		r.parents = parents
	}
	return b
}

func (b relationBatch) reset() {
	for _, r := range b {
		r.rows.reset()
		r.owners = nil
		clear(r.seen)
		r.nested.reset()
	}
}

// relationStatements builds one statement for each relation, over the same
// parents, and for the relations of its rows.
//
//   - Shape: opens says that they need a transaction.
func relationStatements(label string, loaders []*loader, parents query.Parents) (batch relationBatch, statements []flight.Statement, opens bool, err error) {
	for _, l := range loaders {
		children := l.children(label, parents)
		st, err := reading(children.Rows())
		if err != nil {
			return nil, nil, false, err
		}
		r := &relationRows{loader: l, rows: receiver{table: l.relation.Child}, keyed: children.Keyed()}
		batch = append(batch, r)
		statements = append(statements, statement(st, r.row))
		nested, more, inside, err := relationStatements(label, l.nested, query.Parents{Children: children})
		if err != nil {
			return nil, nil, false, err
		}
		r.nested = nested.of(&r.rows)
		statements = append(statements, more...)
		opens = opens || st.Opens() || inside
	}
	return batch, statements, opens, nil
}

// reading refuses a relation whose conditions write: statements of other relations
// have them inside, and would write again.
func reading(st query.Statement, err error) (query.Statement, error) {
	if err == nil && st.Writes {
		err = errors.New("retort: With: a relation is read; a CTE that writes has no place in its conditions")
	}
	return st, err
}

// row decodes a row, behind the parent's columns where it has them.
func (r *relationRows) row(fields []flight.Field, values [][]byte) error {
	rel := r.loader.relation
	if r.keyed {
		key, err := r.key(fields, values)
		if err != nil {
			return fmt.Errorf("retort: reading %s: %w", rel.Owner.Type, err)
		}
		if r.seen != nil {
			r.seen[key] = true
		}
		n := len(rel.Near)
		fields, values = fields[n:], values[n:]
		if values[rel.Child.Key[0]] == nil {
			return nil
		}
		r.owners = append(r.owners, key)
	}
	return r.rows.row(fields, values)
}

// owner is the identity of the parent of the i-th row, as long as its object is
// the one that was read: another that the session had before may say otherwise.
func (r *relationRows) owner(i int) mapper.Key {
	if i < len(r.owners) {
		return r.owners[i]
	}
	rel := r.loader.relation
	return rel.Child.Plan.RowKey(r.rows.objects[i], rel.Columns)
}

// asked tells whether the statement looked for the row that p refers to: the row of
// p may say otherwise than the object that the session had before.
func (r *relationRows) asked(p mapper.Object) bool {
	if r.parents == nil {
		return true
	}
	row, ok := r.parents.rowOf(p)
	rel := r.loader.relation
	return !ok || rel.Owner.Plan.RowKey(row, rel.Near) == rel.Owner.Plan.RowKey(p, rel.Near)
}

// key is the identity of the parent's columns in front of a row.
func (r *relationRows) key(fields []flight.Field, values [][]byte) (mapper.Key, error) {
	rel := r.loader.relation
	n := len(rel.Near)
	if r.keys == nil {
		var err error
		if r.keys, err = rel.Owner.Plan.Decoder(rel.Near, mapper.OIDs(fields[:n])); err != nil {
			return mapper.Key{}, err
		}
	}
	p := rel.Owner.Plan.New()
	if err := r.keys.Decode(p, values[:n]); err != nil {
		return mapper.Key{}, err
	}
	return rel.Owner.Plan.RowKey(p, rel.Near), nil
}

// selectInTransaction reads parents and children inside the session's own
// transaction. At READ COMMITTED each statement has a snapshot of its own, so
// the child statement says which parents it saw; children of parents that only
// the first statement saw cost a second trip, and so do relations of children. Where
// the parents' statement writes, no other one repeats it: all children come second.
func (s *Session) selectInTransaction(ctx context.Context, sel *query.Select, relations []*loader,
	parents *receiver, st query.Statement, opens bool,
) ([]mapper.Object, error) {
	var batch relationBatch
	statements := []flight.Statement{statement(st, parents.row)}
	for _, l := range relations {
		r := &relationRows{loader: l, parents: parents, rows: receiver{table: l.relation.Child}, keyed: true, seen: make(map[mapper.Key]bool)}
		batch = append(batch, r)
		if st.Writes {
			continue
		}
		child, err := reading(l.children(sel.Label, query.Parents{Select: sel}).Seen())
		if err != nil {
			return nil, err
		}
		statements = append(statements, statement(child, r.row))
	}
	reset := func() {
		parents.reset()
		batch.reset()
	}
	if err := s.readTrip(ctx, trip{reset: reset, opens: opens, wrote: st.Writes}, statements...); err != nil {
		return nil, err
	}
	if err := s.selectMissed(ctx, parents, batch); err != nil {
		return nil, err
	}
	objects := parents.take(s, sel)
	return objects, s.fillLevels(ctx, sel.Label, objects, batch)
}

// selectMissed reads the children of parents that their statement did not see.
func (s *Session) selectMissed(ctx context.Context, parents *receiver, batch relationBatch) error {
	var statements []flight.Statement
	t := parents.table
	for _, r := range batch {
		near := r.loader.relation.Near
		var missed []mapper.Object
		for _, p := range parents.objects {
			if !r.seen[t.Plan.RowKey(p, near)] {
				missed = append(missed, p)
			}
		}
		if len(missed) == 0 {
			continue
		}
		children := r.loader.children("query.all", query.Parents{Objects: missed})
		st, err := children.Rows()
		if err != nil {
			return err
		}
		r.keyed = children.Keyed()
		statements = append(statements, statement(st, r.row))
	}
	if len(statements) == 0 {
		return nil
	}
	return s.read(ctx, nil, statements...)
}

// withRows checks that the session has objects as rows, with a flush where one of
// them is pending.
func (s *Session) withRows(ctx context.Context, call string, t *model.Table, objects []mapper.Object) error {
	pending := false
	for _, o := range objects {
		switch status := s.unit.Status(o); status {
		case unitofwork.Persistent:
		case unitofwork.Pending:
			pending = true
		default:
			return s.stranger(call, t, o, status, "loaded or added by this session have relations to load")
		}
	}
	if !pending {
		return nil
	}
	return s.flush(ctx)
}

// stranger says why a call cannot take an object, which another session may have;
// only says which objects it takes.
func (s *Session) stranger(call string, t *model.Table, o mapper.Object, status unitofwork.Status, only string) error {
	if status == unitofwork.Transient {
		if err := s.unit.Foreign(t, o); err != nil {
			return err
		}
	}
	return fmt.Errorf("retort: %s: this %s is %s; only objects %s", call, t.Type, status, only)
}

// loadRelated reads relations of objects, level by level where statements see
// different data.
func (s *Session) loadRelated(ctx context.Context, label string, objects []mapper.Object, loaders []*loader) error {
	if len(objects) == 0 || len(loaders) == 0 {
		return nil
	}
	parents := query.Parents{Objects: objects}
	deep := false
	for _, l := range loaders {
		deep = deep || len(l.nested) > 0
	}
	batch, statements, opens, err := relationStatements(label, loaders, parents)
	if err != nil {
		return err
	}
	if !deep || (s.open || s.unit.Dirty() || opens) && !s.snapshotIsolation() {
		batch, statements, err := levelStatements(label, loaders, parents)
		if err != nil {
			return err
		}
		if err := s.readTrip(ctx, trip{reset: batch.reset, opens: opens}, statements...); err != nil {
			return err
		}
		return s.fillLevels(ctx, label, objects, batch)
	}
	if err := s.readSnapshot(ctx, batch.reset, statements); err != nil {
		return err
	}
	return s.fillAll(objects, batch)
}

// levelStatements is relationStatements for one level.
func levelStatements(label string, loaders []*loader, parents query.Parents) (relationBatch, []flight.Statement, error) {
	level := make([]*loader, len(loaders))
	for i, l := range loaders {
		flat := *l
		flat.nested = nil
		level[i] = &flat
	}
	batch, statements, _, err := relationStatements(label, level, parents)
	for i := range batch {
		batch[i].loader = loaders[i]
	}
	return batch, statements, err
}
