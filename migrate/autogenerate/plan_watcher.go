package autogenerate

import (
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/migrate/hazard"
)

// watched calls do for the policies and triggers of tables that stay which look
// at a column that changes, and which nobody else drops or makes.
func (p *planner) watched(policy func(t *catalog.Table, policy *catalog.Policy), trigger func(t *catalog.Table, tr *catalog.Trigger)) {
	mine := func(t *catalog.Table, kind catalog.Kind, name, text string) bool {
		if slices.ContainsFunc(p.diffs, func(d Difference) bool {
			return d.Kind == kind && d.Namespace == t.Namespace && d.Table == t.Name && d.Name == name &&
				(d.Action == Drop || d.Aspect == Definition)
		}) {
			return false
		}
		if p.speaksOfEnum(text) {
			return true
		}
		return p.looksAt(t, text, true) || kind == catalog.KindPolicy && p.looksAt(t, text, false)
	}
	for i := range p.from.Tables {
		t := &p.from.Tables[i]
		if p.dropsObject(t.Ref()) {
			continue
		}
		for j := range t.Policies {
			if pol := &t.Policies[j]; mine(t, catalog.KindPolicy, pol.Name, pol.Using+" "+pol.Check) {
				policy(t, pol)
			}
		}
		for j := range t.Triggers {
			if tr := &t.Triggers[j]; mine(t, catalog.KindTrigger, tr.Name, tr.Definition) {
				trigger(t, tr)
			}
		}
	}
}

// looksAt reports whether a text of a table speaks of a column that changes, its own or
// that of another table.
func (p *planner) looksAt(t *catalog.Table, text string, own bool) bool {
	for key := range p.retyped {
		mine := key.namespace == t.Namespace && key.table == t.Name
		stays := p.rebuilt[key] || !p.lost[key]
		if mine == own && stays && mentions(text, key.column) && (own || mentions(text, key.table)) {
			return true
		}
	}
	return false
}

// lookForWatchers drops what looks at a column that changes: PostgreSQL refuses
// the change under it. It comes back in sameWatchers.
func (p *planner) lookForWatchers() {
	p.watched(func(t *catalog.Table, policy *catalog.Policy) {
		p.step(Together, "DROP POLICY "+sqltext.Ident(policy.Name)+" ON "+p.table(t.Ref()),
			Locks.Of("until this transaction ends nobody sees rows by this policy"))
	}, func(t *catalog.Table, tr *catalog.Trigger) {
		p.step(Together, "DROP TRIGGER "+sqltext.Ident(tr.Name)+" ON "+p.table(t.Ref()))
	})
}

// clearWatchers takes triggers and policies from tables that are dropped, where
// functions are dropped too: these would have to wait for the tables, and the
// tables may have to wait for them. Policies that look at a column which changes go
// in any case.
func (p *planner) clearWatchers() {
	dropsFunction := slices.ContainsFunc(p.diffs, func(d Difference) bool { return d.Action == Drop && d.Kind == catalog.KindFunction })
	for i := range p.from.Tables {
		t := &p.from.Tables[i]
		if !p.dropsObject(t.Ref()) {
			continue
		}
		for j := range t.Triggers {
			if dropsFunction {
				p.step(Together, "DROP TRIGGER "+sqltext.Ident(t.Triggers[j].Name)+" ON "+p.table(t.Ref()))
			}
		}
		for j := range t.Policies {
			if pol := &t.Policies[j]; dropsFunction || p.looksAt(t, pol.Using+" "+pol.Check, false) {
				p.step(Together, "DROP POLICY "+sqltext.Ident(pol.Name)+" ON "+p.table(t.Ref()))
			}
		}
	}
}

// sameWatchers makes triggers and policies again that were in the way or have
// changed, in the transaction that dropped them: in between, rows would be seen that
// nobody may see, and changes be made that no trigger hears of.
func (p *planner) sameWatchers() {
	p.watched(func(t *catalog.Table, policy *catalog.Policy) {
		p.step(Together, p.createPolicy(t.Ref(), policy))
		p.comment("POLICY "+sqltext.Ident(policy.Name)+" ON "+p.table(t.Ref()), policy.Comment, false)
	}, func(t *catalog.Table, tr *catalog.Trigger) { p.triggerSteps(t.Ref(), tr) })
	p.eachTrigger(func(d Difference, t *catalog.Trigger) {
		if d.Action == Alter && d.Aspect == Definition {
			p.triggerSteps(d.owner(), t)
		}
	})
	p.eachPolicy(func(d Difference, policy *catalog.Policy) {
		if d.Action == Alter && d.Aspect == Definition {
			p.step(Together, p.createPolicy(d.owner(), policy))
		}
	})
}

// watchers makes new triggers, policies and row security, which act on rows that
// come later.
func (p *planner) watchers() {
	p.owners()
	p.eachTrigger(func(d Difference, t *catalog.Trigger) {
		switch {
		case d.Action == Add:
			p.triggerSteps(d.owner(), t)
		case d.Aspect == Enabled:
			p.step(Together, "ALTER TABLE "+p.table(d.owner())+" "+d.Model+" TRIGGER "+sqltext.Ident(d.Name))
		}
	})
	p.eachPolicy(func(d Difference, policy *catalog.Policy) {
		if d.Action == Add {
			p.step(Together, p.createPolicy(d.owner(), policy))
		}
	})
	p.each(catalog.KindTable, func(d Difference) {
		if d.Aspect == RowSecurity {
			p.rowSecurity(d)
		}
	})
	for i := range p.to.Tables {
		if t := &p.to.Tables[i]; p.created[t.Ref()] {
			p.watchersOf(t)
		}
	}
}

// eachTrigger calls do for the differences of triggers, and what these shall be; not
// for those that come with their view.
func (p *planner) eachTrigger(do func(d Difference, t *catalog.Trigger)) {
	p.each(catalog.KindTrigger, func(d Difference) {
		var triggers []catalog.Trigger
		if t, ok := p.to.Table(d.Namespace, d.Table); ok {
			triggers = t.Triggers
		} else if v, ok := p.to.View(d.Namespace, d.Table); ok && !p.gone[v.Ref()] {
			triggers = v.Triggers
		}
		if i := slices.IndexFunc(triggers, func(t catalog.Trigger) bool { return t.Name == d.Name }); i >= 0 {
			do(d, &triggers[i])
		}
	})
}

// eachPolicy is eachTrigger for policies.
func (p *planner) eachPolicy(do func(d Difference, policy *catalog.Policy)) {
	p.each(catalog.KindPolicy, func(d Difference) {
		if t, ok := p.to.Table(d.Namespace, d.Table); ok {
			if policy, ok := t.Policy(d.Name); ok {
				do(d, policy)
			}
		}
	})
}

func (p *planner) watchersOf(t *catalog.Table) {
	for i := range t.Triggers {
		p.triggerSteps(t.Ref(), &t.Triggers[i])
	}
	for i := range t.Policies {
		p.step(Together, p.createPolicy(t.Ref(), &t.Policies[i]))
	}
	if t.RowSecurity {
		p.step(Together, "ALTER TABLE "+p.table(t.Ref())+" ENABLE ROW LEVEL SECURITY")
	}
	if t.ForceSecurity {
		p.step(Together, "ALTER TABLE "+p.table(t.Ref())+" FORCE ROW LEVEL SECURITY")
	}
}

func (p *planner) rowSecurity(d Difference) {
	alter := "ALTER TABLE " + p.table(d.ref())
	if had, has := strings.Contains(d.Database, "ENABLE"), strings.Contains(d.Model, "ENABLE"); has && !had {
		p.step(Together, alter+" ENABLE ROW LEVEL SECURITY", Locks.Of("from then on only rows that a policy lets through are seen"))
	} else if had && !has {
		p.step(Together, alter+" DISABLE ROW LEVEL SECURITY", Locks.Of("from then on everybody with a privilege sees all rows"))
	}
	if had, has := strings.Contains(d.Database, "FORCE"), strings.Contains(d.Model, "FORCE"); has && !had {
		p.step(Together, alter+" FORCE ROW LEVEL SECURITY")
	} else if had && !has {
		p.step(Together, alter+" NO FORCE ROW LEVEL SECURITY")
	}
}

func (p *planner) triggerSteps(owner catalog.Ref, t *catalog.Trigger) {
	p.step(Together, p.createTrigger(owner, t), hazard.CreateTrigger.On(owner.Name))
	if t.Enabled != "" {
		p.step(Together, "ALTER TABLE "+p.table(owner)+" "+t.Enabled+" TRIGGER "+sqltext.Ident(t.Name))
	}
	if t.Comment != "" {
		p.step(Together, "COMMENT ON TRIGGER "+sqltext.Ident(t.Name)+" ON "+p.table(owner)+" IS "+sqltext.Literal(t.Comment))
	}
}
