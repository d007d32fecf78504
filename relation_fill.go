package retort

import (
	"context"
	"slices"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/query"
	"github.com/retort-go/retort/internal/unitofwork"
)

// fillLevels fills relations and reads those of their rows, all relations of one
// level in one round trip.
func (s *Session) fillLevels(ctx context.Context, label string, objects []mapper.Object, batch relationBatch) error {
	type level struct {
		parents []mapper.Object
		rows    relationBatch
	}
	now := []level{{objects, batch}}
	for len(now) > 0 {
		var next []level
		var statements []flight.Statement
		for _, l := range now {
			for _, r := range l.rows {
				children := s.fill(l.parents, r)
				if len(children) == 0 || len(r.loader.nested) == 0 {
					continue
				}
				nested, more, err := levelStatements(label, r.loader.nested, query.Parents{Objects: children})
				if err != nil {
					return err
				}
				next = append(next, level{children, nested})
				statements = append(statements, more...)
			}
		}
		if len(statements) > 0 {
			reset := func() {
				for _, l := range next {
					l.rows.reset()
				}
			}
			if err := s.read(ctx, reset, statements...); err != nil {
				return err
			}
		}
		now = next
	}
	return nil
}

// fillAll fills relations whose rows are all read.
func (s *Session) fillAll(parents []mapper.Object, batch relationBatch) error {
	for _, r := range batch {
		if err := s.fillAll(s.fill(parents, r), r.nested); err != nil {
			return err
		}
	}
	return nil
}

// fill takes the rows of one statement into the session and hands them to their
// parents; it returns them, each once, where they have relations to be filled.
func (s *Session) fill(parents []mapper.Object, r *relationRows) []mapper.Object {
	rel := r.loader.relation
	at := make(map[mapper.Key]int, len(parents)) // where the rows of a parent begin
	places := make([]int, len(parents))
	for i, p := range parents {
		key := rel.Owner.Plan.RowKey(p, rel.Near)
		place, ok := at[key]
		if !ok {
			place = i
			at[key] = i
		}
		places[i] = place
	}
	counts := make([]int, len(parents)+1)
	of := make([]int, len(r.rows.objects))
	var last mapper.Key
	place, ok := 0, false
	for i := range of {
		if key := r.owner(i); i == 0 || key != last { // rows of one parent are neighbors most often
			place, ok = at[key]
			last = key
		}
		if !ok {
			of[i] = -1 // of a parent that the first statement did not see
			continue
		}
		of[i] = place
		counts[place+1]++
	}
	children := r.rows.load(s)
	for i := 1; i < len(counts); i++ {
		counts[i] += counts[i-1]
	}
	rows := make([]mapper.Object, counts[len(parents)])
	next := append([]int(nil), counts...)
	for i, place := range of {
		if place >= 0 {
			rows[next[place]] = children[i]
			next[place]++
		}
	}
	s.hand(parents, r, func(i int) []mapper.Object { return rows[counts[places[i]]:counts[places[i]+1]] })
	if len(r.loader.nested) == 0 {
		return nil
	}
	return once(children)
}

// hand gives parents their rows, and rows their parent.
func (s *Session) hand(parents []mapper.Object, r *relationRows, rowsOf func(int) []mapper.Object) {
	rel := r.loader.relation
	owner := rel.Owner.Fields[rel.Field]
	var unwritten *unitofwork.Unwritten
	if s.opts.NoAutoflush {
		unwritten = s.unit.Unwritten(rel, r.loader.whole() && !r.loader.filtered())
	}
	if rel.ToOne() {
		for i, p := range parents {
			field := mapper.FieldAt[unitofwork.One](p, owner)
			rows := unwritten.Rows(p, rowsOf(i))
			switch {
			case len(rows) > 0:
				field.Fill(rows[0])
				back(rel, rows[:1], p)
			case rel.Refers() && !r.asked(p):
				// The object says another reference than the row: nothing is known of it.
			default:
				field.Fill(mapper.Object{})
			}
		}
		return
	}
	lists := unitofwork.NewLists(len(parents))
	for i, p := range parents {
		rows := unwritten.Rows(p, rowsOf(i))
		if rel.Through { // several rows in between may lead to one; they are neighbors by its key
			rows = slices.Compact(slices.Clone(rows))
		}
		mapper.FieldAt[unitofwork.Many](p, owner).FillFrom(lists, rows, r.loader.whole())
		back(rel, rows, p)
	}
}

// back tells rows to whom they belong.
func back(rel *model.Relation, rows []mapper.Object, p mapper.Object) {
	if inv := rel.Inverse; inv != nil && inv.Refers() {
		field := rel.Child.Fields[inv.Field]
		for _, o := range rows {
			mapper.FieldAt[unitofwork.One](o, field).Back(p)
		}
	}
}

// filtered tells whether a row that is there may not have been read.
func (l *loader) filtered() bool {
	return len(l.spec.where)+len(l.def.where) > 0 || l.children("", query.Parents{}).Guarded()
}

// once drops what comes again: a row of many parents.
func once(objects []mapper.Object) []mapper.Object {
	if len(objects) < 2 {
		return objects
	}
	seen := make(map[mapper.Object]bool, len(objects))
	kept := objects[:0:0]
	for _, o := range objects {
		if !seen[o] {
			seen[o] = true
			kept = append(kept, o)
		}
	}
	return kept
}
