package autogenerate

import (
	"slices"
	"strings"

	"github.com/retort-go/retort/migrate/hazard"
	"github.com/retort-go/retort/migrate/lint"
)

// sayLocks adds what each statement that keeps readers or writers waiting does not
// say yet: the level of its lock, the table and for how long. It reads the
// statements as package lint does, so that none is forgotten. On what the plan
// itself makes nobody waits, so nothing is said of that.
func (p *planner) sayLocks() {
	made := map[string]bool{}
	for i := range p.all {
		s := &p.all[i]
		actions := lint.Read(s.SQL)
		for _, a := range actions {
			if a.Form == hazard.CreateTable || strings.HasPrefix(s.SQL, "CREATE MATERIALIZED VIEW ") {
				made[a.Table], made[a.Name] = true, true
			}
		}
		s.Hazards = unmade(s.Hazards, actions, made)
		for _, a := range actions {
			e := a.Effect()
			if a.Table == "" || made[a.Table] || e.Lock < hazard.Share {
				continue
			}
			name := bare(a.Table)
			said := func(h Hazard) bool { return strings.Contains(h.Text, e.Lock.String()+" on "+name) }
			if !slices.ContainsFunc(s.Hazards, said) {
				s.Hazards = append(slices.Clip(s.Hazards), a.Form.On(name))
			}
		}
	}
}

// unmade leaves out the locks on tables that the plan has made by then. A name that
// a table of another schema has too stays, as hazards name no schema.
func unmade(hazards []Hazard, actions []lint.Action, made map[string]bool) []Hazard {
	quiet := map[string]bool{}
	for _, a := range actions {
		for _, table := range []string{a.Table, a.Other} {
			if known, seen := quiet[bare(table)]; table != "" {
				quiet[bare(table)] = made[table] && (known || !seen)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(hazards), func(h Hazard) bool {
		_, rest, ok := strings.Cut(h.Text, " on ")
		table, _, _ := strings.Cut(rest, " ")
		return ok && h.Kind == Locks && quiet[table]
	})
}

// bare is the name of a table without its schema.
func bare(table string) string { return table[strings.LastIndex(table, ".")+1:] }
