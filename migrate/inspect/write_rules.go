package inspect

import (
	"strings"

	"github.com/retort-go/retort/schema"
)

// rules writes the constraints and indexes of one table.
func (w *writer) rules(t *table) {
	if t.unmanaged != "" {
		return
	}
	naming, name := w.d.naming, t.schema.Name
	for i := range t.schema.Uniques {
		u := &t.schema.Uniques[i]
		w.printf("d.Unique(%s)", w.refs(t, u.Columns))
		w.named(u.Name, naming.UniqueName(name, u.Columns))
		w.when(u.NullsNotDistinct, "NullsNotDistinct()")
		w.when(len(u.Include) > 0, "Include(%s)", w.refs(t, u.Include))
		w.deferrable(u.Deferrable)
		w.printf("\n")
	}
	for i := range t.schema.Checks {
		w.printf("d.Check(%s, %s)\n", literal(t.schema.Checks[i].Name), literal(t.schema.Checks[i].Expression))
	}
	for i := range t.schema.ForeignKeys {
		w.foreignKey(t, &t.schema.ForeignKeys[i])
	}
	for i := range t.schema.Exclusions {
		w.exclusion(t, &t.schema.Exclusions[i])
	}
	for i := range t.schema.Indexes {
		w.index(t, &t.schema.Indexes[i])
	}
}

// named says a name that the convention does not give.
func (w *writer) named(name, convention string) {
	w.when(name != convention, "Name(%s)", literal(name))
}

func (w *writer) when(is bool, format string, args ...any) {
	if is {
		w.printf("."+format, args...)
	}
}

func (w *writer) deferrable(d schema.Deferrable) {
	if d == schema.NotDeferrable {
		return
	}
	w.imports["github.com/retort-go/retort/schema"] = true
	w.printf(".Deferrable(schema.%s)", map[schema.Deferrable]string{
		schema.InitiallyImmediate: "InitiallyImmediate", schema.InitiallyDeferred: "InitiallyDeferred",
	}[d])
}

func (w *writer) foreignKey(t *table, fk *schema.ForeignKey) {
	to := w.d.tableNamed(fk.RefNamespace, fk.RefTable)
	targets := make([]string, len(fk.RefColumns))
	for i, column := range fk.RefColumns {
		if f, ok := to.field(column); ok {
			targets[i] = "&" + to.variable + ".C." + f.name
		}
	}
	if len(fk.Columns) == 1 {
		w.printf("d.References(%s, %s)", w.refs(t, fk.Columns), targets[0])
	} else {
		w.printf("d.ForeignKey([]any{%s}, []any{%s})", w.refs(t, fk.Columns), strings.Join(targets, ", "))
	}
	w.named(fk.Name, w.d.naming.ForeignKeyName(t.schema.Name, fk.Columns, fk.RefTable))
	for _, a := range []struct {
		on string
		schema.Action
	}{{"OnDelete", fk.OnDelete}, {"OnUpdate", fk.OnUpdate}} {
		if a.Action != schema.NoAction {
			w.imports["github.com/retort-go/retort/schema"] = true
			w.printf(".%s(schema.%s)", a.on, map[schema.Action]string{
				schema.Restrict: "Restrict", schema.Cascade: "Cascade", schema.SetNull: "SetNull", schema.SetDefault: "SetDefault",
			}[a.Action])
		}
	}
	w.deferrable(fk.Deferrable)
	w.printf("\n")
}

func (w *writer) exclusion(t *table, e *schema.Exclusion) {
	w.printf("d.Exclude()")
	for i := range e.Parts {
		p := &e.Parts[i]
		if p.Expression != "" {
			w.printf(".WithExpression(%s, %s)", literal(p.Expression), literal(p.Operator))
		} else {
			w.printf(".With(%s, %s)", w.refs(t, []string{p.Column}), literal(p.Operator))
		}
		w.when(p.OperatorClass != "", "Ops(%s, %s)", w.partRef(t, &p.IndexPart), literal(p.OperatorClass))
	}
	w.when(e.Method != "", "Using(%s)", literal(e.Method))
	w.when(len(e.Include) > 0, "Include(%s)", w.refs(t, e.Include))
	w.when(e.Where != "", "Where(%s)", literal(e.Where))
	w.printf(".Name(%s)", literal(e.Name))
	w.deferrable(e.Deferrable)
	w.printf("\n")
}

// partRef names a part of an index: a field pointer or the text of an expression.
func (w *writer) partRef(t *table, p *schema.IndexPart) string {
	if p.Expression != "" {
		return literal(p.Expression)
	}
	return w.refs(t, []string{p.Column})
}

func (w *writer) index(t *table, ix *schema.Index) {
	var columns []string // of the first parts that are columns
	rest := ix.Parts
	for len(rest) > 0 && rest[0].Expression == "" {
		columns, rest = append(columns, rest[0].Column), rest[1:]
	}
	w.printf("d.Index(%s)", w.refs(t, columns))
	for i := range rest {
		if rest[i].Expression != "" {
			w.printf(".Expression(%s)", literal(rest[i].Expression))
		} else {
			w.printf(".Then(%s)", w.refs(t, []string{rest[i].Column}))
		}
	}
	words := make([]string, 0, len(ix.Parts))
	for i := range ix.Parts {
		p := &ix.Parts[i]
		words = append(words, p.Column)
		ref := w.partRef(t, p)
		w.when(p.Desc, "Desc(%s)", ref)
		if p.Nulls != schema.NullsDefault {
			w.imports["github.com/retort-go/retort/schema"] = true
			w.printf(".Nulls(%s, schema.%s)", ref, map[schema.Nulls]string{schema.NullsFirst: "NullsFirst", schema.NullsLast: "NullsLast"}[p.Nulls])
		}
		w.when(p.Collation != "", "Collation(%s, %s)", ref, literal(p.Collation))
		w.when(p.OperatorClass != "", "Ops(%s, %s)", ref, literal(p.OperatorClass))
	}
	w.when(ix.Unique, "Unique()")
	w.when(ix.NullsNotDistinct, "NullsNotDistinct()")
	w.when(ix.Method != "", "Using(%s)", literal(ix.Method))
	w.when(len(ix.Include) > 0, "Include(%s)", w.refs(t, ix.Include))
	w.when(ix.Where != "", "Where(%s)", literal(ix.Where))
	w.when(ix.Storage != "", "Storage(%s)", literal(ix.Storage))
	convention := ""
	if len(columns) == len(ix.Parts) && !ix.Unique {
		convention = w.d.naming.IndexName(t.schema.Name, words)
	}
	w.named(ix.Name, convention)
	w.printf("\n")
}
