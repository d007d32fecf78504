package autogenerate

import (
	"slices"

	"github.com/retort-go/retort/migrate/catalog"
)

// remaining is what the database holds once the differences are settled: the
// models, and beside them what nobody claims and nothing drops. The way back must
// know of it, since a view of somebody else stands in the way there, too.
func remaining(database, models *catalog.Catalog, differences []Difference) *catalog.Catalog {
	var renames []Renaming
	drop := map[Difference]bool{} // by kind and names alone
	key := func(kind catalog.Kind, namespace, table, name string) Difference {
		return Difference{Kind: kind, Namespace: namespace, Table: table, Name: name}
	}
	for _, d := range differences {
		switch {
		case d.Action == Drop:
			drop[key(d.Kind, d.Namespace, d.Table, d.Name)] = true
		case d.Action == Rename && slices.Contains([]catalog.Kind{catalog.KindTable, catalog.KindColumn, catalog.KindType}, d.Kind):
			renames = append(renames, Renaming{Kind: d.Kind, Namespace: d.Namespace, Table: d.Table, From: d.From, To: d.Name})
		}
	}
	db, out := renamed(database, renames), clone(models)
	known := map[catalog.Ref]bool{}
	for _, ref := range models.Order {
		known[ref] = true
	}
	stays := func(ref catalog.Ref) bool { return !known[ref] && !drop[key(ref.Kind, ref.Namespace, "", ref.Name)] }
	others := map[catalog.Ref]bool{}
	for _, ref := range db.Order {
		if stays(ref) {
			others[ref] = true
			out.Order = append(out.Order, ref)
		}
	}
	out.Types = beside(out.Types, db.Types, func(t *catalog.Type) bool { return others[t.Ref()] })
	out.Sequences = beside(out.Sequences, db.Sequences, func(s *catalog.Sequence) bool { return others[s.Ref()] })
	out.Functions = beside(out.Functions, db.Functions, func(f *catalog.Function) bool { return others[f.Ref()] })
	out.Tables = beside(out.Tables, db.Tables, func(t *catalog.Table) bool { return others[t.Ref()] })
	out.Views = beside(out.Views, db.Views, func(v *catalog.View) bool { return others[v.Ref()] })
	out.Uses = beside(out.Uses, db.Uses, func(u *catalog.Use) bool { return others[u.By] })
	for i := range out.Views {
		v := &out.Views[i]
		was, ok := db.View(v.Namespace, v.Name)
		if !ok || others[v.Ref()] {
			continue
		}
		v.Triggers = beside(v.Triggers, was.Triggers, func(tr *catalog.Trigger) bool {
			_, claimed := trigger(v.Triggers, tr.Name)
			return !claimed && !drop[key(catalog.KindTrigger, v.Namespace, v.Name, tr.Name)]
		})
	}
	for i := range out.Tables {
		t := &out.Tables[i]
		was, ok := db.Table(t.Namespace, t.Name)
		if !ok || others[t.Ref()] {
			continue
		}
		t.Triggers = beside(t.Triggers, was.Triggers, func(tr *catalog.Trigger) bool {
			_, claimed := t.Trigger(tr.Name)
			return !claimed && !drop[key(catalog.KindTrigger, t.Namespace, t.Name, tr.Name)]
		})
		t.Policies = beside(t.Policies, was.Policies, func(p *catalog.Policy) bool {
			_, claimed := t.Policy(p.Name)
			return !claimed && !drop[key(catalog.KindPolicy, t.Namespace, t.Name, p.Name)]
		})
	}
	return out
}

func trigger(list []catalog.Trigger, name string) (*catalog.Trigger, bool) {
	if i := slices.IndexFunc(list, func(t catalog.Trigger) bool { return t.Name == name }); i >= 0 {
		return &list[i], true
	}
	return nil, false
}

// beside appends what is wanted of more.
func beside[T any](list, more []T, want func(*T) bool) []T {
	for i := range more {
		if want(&more[i]) {
			list = append(list, more[i])
		}
	}
	return list
}
