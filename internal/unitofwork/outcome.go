package unitofwork

// Apply makes the objects agree with what their flight wrote. With keepUndo the
// transaction is still open and [Unit.Rollback] may have to take it back.
func (u *Unit) Apply(changes []*Change, keepUndo bool) {
	for _, c := range changes {
		s := c.state
		if c.Kind == Delete {
			s.status, s.doomed = Deleted, false
			continue
		}
		if keepUndo && len(c.back) > 0 {
			before := s.table.Plan.New()
			s.table.Plan.CopyColumns(before, s.object, c.back)
			s.undo = append(s.undo, undo{before: before, columns: c.back})
		}
		if !c.result.IsNil() {
			s.table.Plan.CopyColumns(s.object, c.result, c.back)
		}
		if c.Kind == Insert {
			s.status = Persistent
			s.key = s.table.Plan.Key(s.object, s.table.Key)
			u.identity[identity{s.table, s.key}] = s
		}
		s.snapshot = s.table.Plan.Snapshot(s.object)
	}
}

// Commit forgets how to take back the flushes of the transaction that was
// committed, and the objects that it deleted.
func (u *Unit) Commit() {
	kept := u.ordered[:0]
	for _, s := range u.ordered {
		s.undo = nil
		if s.status == Deleted || s.status == Detached {
			if s.status == Deleted {
				u.forget(s)
			}
			continue
		}
		s.arrival = len(kept)
		kept = append(kept, s)
	}
	clear(u.ordered[len(kept):])
	u.ordered = kept
}

// Rollback empties the unit. The objects keep the values that the program gave
// them; what the database had made in the transaction is taken back, since it
// is no longer true: keys, times and versions.
func (u *Unit) Rollback() {
	for _, s := range u.ordered {
		for i := len(s.undo) - 1; i >= 0; i-- {
			s.table.Plan.CopyColumns(s.object, s.undo[i].before, s.undo[i].columns)
		}
	}
	u.objects, u.identity, u.ordered = nil, nil, nil
}
