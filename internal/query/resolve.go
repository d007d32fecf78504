package query

// found is where a field pointer leads.
type found struct {
	source        source
	column, field int // column is -1 for a field that is none
	level         int // of the query among those around, innermost last
}

// resolve finds the source and column that field points at, or says what is wrong.
func (b *builder) resolve(call string, field any) (source, int, bool) {
	f, ok := b.find(field)
	switch {
	case !ok:
		b.stranger(call, field)
		return source{}, 0, false
	case f.column < 0:
		b.noColumn(call, &f.source, f.field)
		return source{}, 0, false
	}
	if f.level < len(b.outer) {
		b.hidden(call, f.source.name(), f.level+1)
		// Alone in its query it needs no name, seen from inside another it does.
		if f.source.qualifier == "" {
			f.source.qualifier = f.source.name()
		}
	}
	return f.source, f.column, true
}

// find looks for what field points at: in the query itself, then in those around it.
func (b *builder) find(field any) (found, bool) {
	for level := len(b.outer); level >= 0; level-- {
		sources := b.sources
		if level < len(b.outer) {
			sources = b.outer[level]
		}
		for i := range sources {
			if col, f, ok := sources[i].find(field); ok {
				return found{sources[i], col, f, level}, true
			}
		}
	}
	return found{}, false
}

// hidden refuses a name of the query around from the given level on: the server
// takes it for what has that name further inside.
func (b *builder) hidden(call, name string, level int) {
	for ; level <= len(b.outer); level++ {
		sources := b.sources
		if level < len(b.outer) {
			sources = b.outer[level]
		}
		for i := range sources {
			if sources[i].name() == name {
				b.fail("%s: %s is the name of a table around the subquery and of one inside it, which hides the other; give one of them another name: retort's Table.As(\"…\")", call, name[:len(name)-1])
				return
			}
		}
	}
}

func (b *builder) noColumn(call string, s *source, field int) {
	what := "is a relation, not a column"
	if s.rows != nil {
		what = "was not selected"
	}
	b.fail("%s: field %s of %s %s", call, s.table.Fields[field].Path, s.table.Type, what)
}

// stranger says of a pointer that it is no column of the query.
func (b *builder) stranger(call string, field any) {
	if isNil(field) {
		b.fail("%s: the field pointer is nil; pass &Table.C.Field", call)
		return
	}
	if len(b.sources) == 0 {
		b.fail("%s: the field pointer (%T) is not a column here, where no table is", call, field)
		return
	}
	t := b.sources[0].table.Type
	joined := ""
	if len(b.sources) > 1 {
		joined = " or of the tables joined to it"
	}
	b.fail("%s: the field pointer (%T) is not a column of %s%s; point into the table's own C, as in retort.%s(&%s.C.Field, …), and join other tables and aliases first",
		call, field, t, joined, call, t.Name())
}
