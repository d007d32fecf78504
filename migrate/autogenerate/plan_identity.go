package autogenerate

import (
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/catalog"
)

// clearIdentities takes identities away, whose sequences have the names that those of
// serial columns get.
func (p *planner) clearIdentities() {
	p.each(catalog.KindColumn, func(d Difference) {
		if d.Action == Alter && d.Aspect == Identity && d.Model == "" && !p.rebuilt[columnKey{d.Namespace, d.Table, d.Name}] {
			p.step(Together, "ALTER TABLE "+p.table(d.owner())+" ALTER COLUMN "+sqltext.Ident(d.Name)+" DROP IDENTITY")
		}
	})
}

// alterIdentity changes an identity; one that is new comes after NOT NULL, see
// identities.
func (p *planner) alterIdentity(t *catalog.Table, alter string, from, to *catalog.Column) {
	var parts []string
	var hazards []Hazard
	if from.Identity != to.Identity {
		parts = append(parts, "SET GENERATED "+to.Identity)
	}
	if from.Sequence != to.Sequence {
		parts = append(parts, sequenceSettings(to.Sequence))
	}
	turns := descends(from.Sequence) != descends(to.Sequence)
	if turns { // where it stands is outside of its new bounds
		parts = append(parts, "RESTART")
		hazards = append(hazards, startsAnew(t.Name+"."+to.Name))
	}
	p.step(Together, alter+" "+strings.Join(parts, " "), hazards...)
	if turns && !descends(to.Sequence) {
		table, name := p.table(t.Ref()), sqltext.Ident(to.Name)
		p.goOn("pg_get_serial_sequence("+sqltext.Literal(table)+", "+sqltext.Literal(to.Name)+")", table, name, start(to.Sequence))
	}
}

// descends reports whether a sequence of these options counts downwards.
func descends(options string) bool { return strings.Contains(options, "INCREMENT BY -") }

// startsAnew is the danger of a sequence that gets another direction.
func startsAnew(what string) Hazard {
	return MayFail.Of("the numbers of " + what + " start anew: those that rows have already are given once more")
}

// sequenceSettings sets every option, those that are left out to their default.
func sequenceSettings(options string) string {
	var out []string
	for _, o := range []struct{ word, none string }{
		{"INCREMENT BY", "INCREMENT BY 1"},
		{"MINVALUE", "NO MINVALUE"},
		{"MAXVALUE", "NO MAXVALUE"},
		{"START WITH", "START WITH " + start(options)},
		{"CACHE", "CACHE 1"},
	} {
		setting := o.none
		if value, ok := option(options, o.word); ok {
			setting = o.word + " " + value
		}
		out = append(out, "SET "+setting)
	}
	if strings.HasSuffix(options, "CYCLE") {
		return strings.Join(append(out, "SET CYCLE"), " ")
	}
	return strings.Join(append(out, "SET NO CYCLE"), " ")
}

// option is the value of an option of a sequence.
func option(options, word string) (string, bool) {
	_, rest, ok := strings.Cut(" "+options, " "+word+" ")
	value, _, _ := strings.Cut(rest, " ")
	return value, ok
}

// start is the first number of an identity column.
func start(options string) string {
	words, first := []string{"START WITH", "MINVALUE"}, "1"
	if descends(options) {
		words, first = []string{"START WITH", "MAXVALUE"}, "-1"
	}
	for _, word := range words {
		if value, ok := option(options, word); ok {
			return value
		}
	}
	return first
}

// identities makes columns count that did not.
func (p *planner) identities() {
	p.each(catalog.KindColumn, func(d Difference) {
		t, ok := p.to.Table(d.Namespace, d.Table)
		if !ok || d.Action != Alter || d.Aspect != Identity || d.Database != "" {
			return
		}
		col, ok := t.Column(d.Name)
		if !ok || p.rebuilt[columnKey{d.Namespace, d.Table, d.Name}] {
			return
		}
		table, name := p.table(t.Ref()), sqltext.Ident(col.Name)
		sql := "ALTER TABLE " + table + " ALTER COLUMN " + name + " ADD GENERATED " + col.Identity + " AS IDENTITY"
		if col.Sequence != "" {
			sql += " (" + col.Sequence + ")"
		}
		old := p.ownedSequences(t.Ref(), col.Name) // pg_get_serial_sequence would find them
		for _, s := range old {
			p.step(Together, "ALTER SEQUENCE "+p.table(s.Ref())+" OWNED BY NONE")
		}
		p.step(Together, sql)
		if !descends(col.Sequence) {
			p.goOn("pg_get_serial_sequence("+sqltext.Literal(table)+", "+sqltext.Literal(col.Name)+")", table, name, start(col.Sequence))
		}
		for _, s := range old {
			if !p.dropsObject(s.Ref()) {
				p.step(Together, "ALTER SEQUENCE "+p.table(s.Ref())+ownedBy(p.from, s))
			}
		}
	})
}

// ownedSequences are the sequences that go with a column.
func (p *planner) ownedSequences(table catalog.Ref, column string) []*catalog.Sequence {
	var out []*catalog.Sequence
	for i := range p.from.Sequences {
		if s := &p.from.Sequences[i]; s.OwnerNamespace == table.Namespace && s.OwnerTable == table.Name && s.OwnerColumn == column {
			out = append(out, s)
		}
	}
	return out
}
