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
// itself makes nobody waits.
func (p *planner) sayLocks() {
	made := map[string]bool{}
	for i := range p.all {
		s := &p.all[i]
		for _, a := range lint.Read(s.SQL) {
			if a.Form == hazard.CreateTable || strings.HasPrefix(s.SQL, "CREATE MATERIALIZED VIEW ") {
				made[a.Table], made[a.Name] = true, true
			}
			e := a.Effect()
			if a.Table == "" || made[a.Table] || e.Lock < hazard.Share {
				continue
			}
			name := a.Table[strings.LastIndex(a.Table, ".")+1:]
			said := func(h Hazard) bool { return strings.Contains(h.Text, e.Lock.String()+" on "+name) }
			if !slices.ContainsFunc(s.Hazards, said) {
				s.Hazards = append(slices.Clip(s.Hazards), a.Form.On(name))
			}
		}
	}
}
