package query

import "slices"

// keepsStrangers tells whether a join keeps rows of the joined table that have no
// partner. No condition of ON or WHERE can filter that table alone then: it is
// filtered before it is joined.
func (q *Select) keepsStrangers() bool {
	return slices.ContainsFunc(q.Joins, func(j Join) bool { return j.Kind == "RIGHT JOIN" || j.Kind == "FULL JOIN" })
}

// joins writes the other name of the table, if it has one, and what is joined to
// it.
func (b *builder) joins(q *Select) {
	apart := q.keepsStrangers()
	if !apart && q.From.Name != "" && (q.From.Rows == nil || !q.From.Rows.Common || b.commonName(q.From.Rows) != q.From.Name) {
		b.WriteString(" AS ")
		b.Ident(q.From.Name)
	}
	for i, j := range q.Joins {
		on := slices.Clip(j.On)
		if !apart {
			on = append(on, b.guards(&b.sources[i+1], q.Deleted)...)
		}
		kind := j.Kind
		if kind == "CROSS JOIN" && !allEmpty(on) {
			kind = "JOIN" // a filter is a condition
		}
		b.WriteString("\n" + kind + " ")
		if j.Lateral {
			b.WriteString("LATERAL ")
		}
		if apart {
			b.guarded(j.Source, i+1, q.Deleted)
		} else {
			b.writeSource(j.Source, i+1)
		}
		if kind == "CROSS JOIN" {
			continue
		}
		b.WriteString(" ON ")
		switch {
		case allEmpty(on):
			b.WriteString("true")
		default:
			b.joined(on, " AND ")
		}
		if allEmpty(j.On) && !j.Lateral && j.Kind != "CROSS JOIN" {
			b.fail("%s: no condition says which rows belong together; give one, as in retort.EqCol(&a.C.ID, &b.C.AID), or use CrossJoin", j.Call)
		}
	}
}

// guarded writes the i-th source, filtered.
func (b *builder) guarded(src Source, i int, deleted bool) {
	guards := b.guards(&b.sources[i], deleted)
	if len(guards) == 0 {
		b.writeSource(src, i)
		return
	}
	s := &b.sources[i]
	b.WriteString("(SELECT * FROM ")
	b.writeSource(src, i)
	b.where(guards)
	b.WriteString(") AS ")
	b.WriteString(s.qualifier[:len(s.qualifier)-1])
}
