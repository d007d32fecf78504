package retort

import (
	"fmt"
	"slices"

	"github.com/retort-go/retort/internal/query"
)

// Filter is a condition that every query of a session carries: on one table,
// wherever that table stands. Make it by [FilterBy] or [FilterWhere] and give it
// to [TxOptions] or [Session.Filter].
type Filter struct {
	name    string
	source  Source
	where   Predicate
	invalid error
}

// FilterDeleted is the name of the filter that leaves out the rows of a
// [SoftDelete] table that are marked as deleted, for [Query.Unfiltered].
const FilterDeleted = query.Deleted

// FilterBy makes a filter by the value of a column: every query of the session
// sees only rows of t with that value.
//
//	retort.FilterBy("tenant", Requests, &Requests.C.TenantID, tenant)
func FilterBy[T, V any](name string, t *Table[T], field *V, v V) Filter {
	return FilterWhere(name, t, Eq(field, v))
}

// FilterWhere makes a filter by a condition on the columns of t, named by t's own
// C.
func FilterWhere[T any](name string, t *Table[T], where Predicate) Filter {
	f := Filter{name: name, source: t, where: where}
	switch {
	case name == "" || name == FilterDeleted:
		f.invalid = fmt.Errorf("retort: FilterBy: %q is no name for a filter", name)
	case t == nil || t.decl.other != nil:
		f.invalid = fmt.Errorf("retort: FilterBy %q: a filter is on a table that NewTable made; its aliases have it, too", name)
	case query.Empty(where):
		f.invalid = fmt.Errorf("retort: FilterBy %q: the condition is empty and would filter nothing", name)
	}
	return f
}

// Filter puts filters on the session, behind those of [TxOptions]. They hold for
// every query that Retort builds from then on: All, Get, Refresh, relations, joins,
// subqueries, Select, bulk Update and Delete. A query lifts one by name, with
// [Query.Unfiltered]. It does no I/O.
//
//   - Shape: objects that the session has already stay as they are, and Get hands
//     them out. INSERTs and changes of loaded objects are not filtered, and raw SQL
//     is not: row-level security is for those.
//   - Errors: misuse is returned by the next call that asks the database.
func (s *Session) Filter(filters ...Filter) {
	if !s.claim() {
		return
	}
	defer s.leave()
	s.opts.Filters = append(slices.Clip(s.opts.Filters), filters...)
	if err := s.filter(filters); err != nil {
		s.misuse = append(s.misuse, err)
	}
}

// Options returns what the session runs with, the filters that [Session.Filter] has
// put on it among them: for another session that sees the same. It does no I/O.
func (s *Session) Options() TxOptions {
	s.mustBe()
	return s.opts
}

func (s *Session) filter(filters []Filter) error {
	for _, f := range filters {
		if f.invalid != nil || f.source == nil {
			if f.invalid == nil {
				f.invalid = fmt.Errorf("retort: an empty Filter; make it by FilterBy")
			}
			s.unfiltered = f.invalid
			return f.invalid
		}
		s.filters = append(s.filters, query.Filter{Name: f.name, Declaration: f.source.source().Declaration, Where: f.where})
	}
	return nil
}

// world is what statements must know of the session.
func (s *Session) world() query.World {
	w := query.World{Models: s.eng.models, Types: s.eng.models.types, Filters: s.filters, Clock: s.eng.clock, Failed: s.unfiltered}
	if s.opts.ReadOnly {
		w.ReadOnly = ErrReadOnly
	}
	return w
}
