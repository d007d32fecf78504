package autogenerate

import (
	"strings"

	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/migrate/hazard"
)

// HazardKind names a danger; see [hazard.Kind].
type HazardKind = hazard.Kind

// The kinds of hazards.
const (
	DeletesData = hazard.DeletesData
	Rewrites    = hazard.Rewrites
	Locks       = hazard.Locks
	MayFail     = hazard.MayFail
	CannotUndo  = hazard.CannotUndo
	ByHand      = hazard.ByHand
)

// Hazard is what a reader must know before a step runs; package lint speaks of the
// same, in the same words.
type Hazard = hazard.Hazard

// Mode says how a step is run.
type Mode string

// The modes.
const (
	// Together: in one transaction with its neighbors of this mode.
	Together Mode = "together"
	// Alone: in a transaction of its own, committed before the next step, since
	// locks of steps before it would be held too long or the next step needs it.
	Alone Mode = "alone"
	// Outside: outside any transaction, as CONCURRENTLY demands.
	Outside Mode = "outside"
)

// Step is one statement.
//
//   - Shape: SQL has no semicolon at its end; it is empty for a hazard that no
//     statement belongs to.
type Step struct {
	SQL     string
	Mode    Mode
	Hazards []Hazard
}

// Plan is how a database gets to where the models are, and back.
type Plan struct {
	Up, Down []Step
}

// Build plans the differences that [Compare] found between the same two
// catalogs.
//
// The safe form comes first: indexes are built CONCURRENTLY, constraints added
// NOT VALID and validated later, NOT NULL is proved by a check, a new value of an
// enum is committed before anything uses it. Tables that the plan itself creates
// need none of that.
//
//   - Shape: the same input gives the same bytes. Down brings back what Up
//     changed, and nothing else; where data is gone, it says so.
func Build(database, models *catalog.Catalog, differences []Difference) *Plan {
	plan := &Plan{
		Up:   steps(database, models, differences, true),
		Down: steps(remaining(database, models, differences), database, inverse(differences), false),
	}
	if lost := lostFor(database, differences); len(lost) > 0 {
		plan.Down = append([]Step{{Mode: Together, Hazards: lost}}, plan.Down...)
	}
	return plan
}

// lostFor says what no way back brings back.
func lostFor(database *catalog.Catalog, differences []Difference) []Hazard {
	var out []Hazard
	for _, d := range differences {
		switch {
		case d.Action == Drop && d.Kind == catalog.KindTable:
			out = append(out, CannotUndo.Of("the rows of "+d.path(database.Namespace)+" do not come back"))
		case d.Action == Drop && d.Kind == catalog.KindColumn:
			t, ok := database.Table(d.Namespace, d.Table)
			if !ok {
				continue
			}
			if col, ok := t.Column(d.Name); ok && col.Generated == "" {
				out = append(out, CannotUndo.Of("the values of "+d.path(database.Namespace)+" do not come back"))
			}
		case d.Action == Alter && d.Aspect == Generated && d.Database == "" && d.Model != "":
			out = append(out, CannotUndo.Of("the values that "+d.path(database.Namespace)+" had do not come back"))
		}
	}
	return out
}

// inverse turns what leads there into what leads back, with the names that hold
// there.
func inverse(differences []Difference) []Difference {
	tables, types, columns := map[[2]string]string{}, map[[2]string]string{}, map[[3]string]string{}
	parts := map[Difference]string{} // constraints and indexes
	for _, d := range differences {
		if d.Action != Rename {
			continue
		}
		switch d.Kind {
		case catalog.KindTable:
			tables[[2]string{d.Namespace, d.Name}] = d.From
		case catalog.KindType:
			types[[2]string{d.Namespace, d.Name}] = d.From
		case catalog.KindColumn:
			columns[[3]string{d.Namespace, d.Table, d.Name}] = d.From
		case catalog.KindConstraint, catalog.KindIndex:
			parts[Difference{Kind: d.Kind, Namespace: d.Namespace, Table: d.Table, Name: d.Name}] = d.From
		}
	}
	out := make([]Difference, 0, len(differences))
	for _, d := range differences {
		back := d
		back.Database, back.Model = d.Model, d.Database
		switch d.Action {
		case Add:
			back.Action = Drop
		case Drop:
			back.Action = Add
		case Rename:
			back.Name, back.From = d.From, d.Name
		case Alter:
			if old, ok := columns[[3]string{d.Namespace, d.Table, d.Name}]; ok && d.Kind == catalog.KindColumn {
				back.Name = old
			}
			if old, ok := parts[Difference{Kind: d.Kind, Namespace: d.Namespace, Table: d.Table, Name: d.Name}]; ok {
				back.Name = old
			}
			if old, ok := tables[[2]string{d.Namespace, d.Name}]; ok && d.Kind == catalog.KindTable {
				back.Name = old
			}
			if old, ok := types[[2]string{d.Namespace, d.Name}]; ok && d.Kind == catalog.KindType {
				back.Name = old
			}
		}
		if old, ok := tables[[2]string{d.Namespace, d.Table}]; ok {
			back.Table = old
		}
		out = append(out, back)
	}
	sortDifferences(out)
	return out
}

// Script writes steps as SQL that a person can read and psql can run: hazards as
// comments, BEGIN and COMMIT around what belongs together.
func Script(steps []Step) string {
	var b strings.Builder
	open := false
	end := func() {
		if open {
			b.WriteString("COMMIT;\n\n")
		}
		open = false
	}
	for _, s := range steps {
		if s.Mode != Together {
			end()
		}
		if s.SQL != "" && (s.Mode == Alone || s.Mode == Together && !open) {
			b.WriteString("BEGIN;\n")
			open = true
		}
		for _, h := range s.Hazards {
			b.WriteString("-- " + string(h.Kind) + ": " + strings.ReplaceAll(h.Text, "\n", "\n--   ") + "\n")
		}
		if s.SQL != "" {
			b.WriteString(s.SQL + ";\n")
		}
		if s.Mode == Alone && s.SQL != "" {
			end()
		} else if s.Mode != Together {
			b.WriteString("\n")
		}
	}
	end()
	return strings.TrimRight(b.String(), "\n") + "\n"
}
