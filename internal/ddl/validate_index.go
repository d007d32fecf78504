package ddl

import (
	"strings"

	"github.com/retort-go/retort/schema"
)

// abilities are what the access methods of PostgreSQL itself can do; those of
// extensions are left to the server.
//
// Source: pg_indexam_has_property.
var abilities = map[string]struct{ order, include, unique, exclude, manyParts bool }{
	"":       {order: true, include: true, unique: true, exclude: true, manyParts: true},
	"btree":  {order: true, include: true, unique: true, exclude: true, manyParts: true},
	"hash":   {exclude: true},
	"gist":   {include: true, exclude: true, manyParts: true},
	"spgist": {include: true, exclude: true},
	"gin":    {manyParts: true},
	"brin":   {manyParts: true},
}

func (tv *tableValidation) index(ix *schema.Index) {
	table := "table " + tv.t.FullName()
	where := table + ": index " + ix.Name
	tv.name("index", table, ix.Name)
	tv.claimRelation(where, ix.Name)
	tv.parts(where, ix.Method, ix.Parts, ix.Include)
	tv.text(where, "predicate", ix.Where)
	tv.text(where, "list of storage parameters", ix.Storage)
	if can, known := abilities[ix.Method]; ix.Unique && known && !can.unique {
		tv.problem(where, "it is unique, which %s indexes cannot be; leave the method out", ix.Method)
	}
	if ix.NullsNotDistinct && !ix.Unique {
		tv.problem(where, "it says NULLS NOT DISTINCT, but is not unique")
	}
}

func (tv *tableValidation) exclusion(e *schema.Exclusion) {
	where := tv.constraint(e.Name)
	tv.claimRelation(where, e.Name)
	method := e.Method
	if method == "" {
		method = "gist"
	}
	parts := make([]schema.IndexPart, len(e.Parts))
	for i := range e.Parts {
		parts[i] = e.Parts[i].IndexPart
		if strings.TrimSpace(e.Parts[i].Operator) == "" {
			tv.problem(where, "part %d has no operator", i+1)
		}
		tv.text(where, "operator", e.Parts[i].Operator)
	}
	tv.parts(where, method, parts, e.Include)
	tv.text(where, "predicate", e.Where)
	tv.deferrable(where, e.Deferrable)
	if can, known := abilities[method]; known && !can.exclude {
		tv.problem(where, "%s indexes cannot carry an exclusion constraint; use gist", method)
	}
}

// parts checks what an index is over, and whether its method can do it.
func (tv *tableValidation) parts(where, method string, parts []schema.IndexPart, includes []string) {
	if method != "" {
		tv.name("method", where, method)
	}
	if len(parts) == 0 {
		tv.problem(where, "it has no columns")
	}
	if n := len(parts) + len(includes); n > maxKeyColumns {
		tv.problem(where, "it has %d columns, PostgreSQL takes %d", n, maxKeyColumns)
	}
	can, known := abilities[method]
	if known && !can.manyParts && len(parts) > 1 {
		tv.problem(where, "it has %d parts; a %s index has one", len(parts), method)
	}
	for i := range parts {
		tv.part(where, &parts[i])
		if known && !can.order && (parts[i].Desc || parts[i].Nulls != schema.NullsDefault) {
			tv.problem(where, "it is ordered, which %s indexes are not", method)
		}
	}
	if known && !can.include && len(includes) > 0 {
		tv.problem(where, "%s indexes include no columns", method)
	}
	tv.included(where, includes)
}

func (tv *tableValidation) part(where string, p *schema.IndexPart) {
	switch {
	case p.Expression != "" && p.Column != "":
		tv.problem(where, "a part is the column %q and an expression; it is one of them", p.Column)
	case strings.TrimSpace(p.Expression) != "":
		tv.text(where, "expression", p.Expression)
	case p.Column == "":
		tv.problem(where, "a part has neither a column nor an expression")
	default:
		if _, ok := tv.t.Column(p.Column); !ok {
			tv.problem(where, "the table has no column %q", p.Column)
		}
	}
	if p.Collation != "" {
		tv.name("collation", where, p.Collation)
	}
	tv.text(where, "operator class", p.OperatorClass)
	switch p.Nulls {
	case schema.NullsDefault, schema.NullsFirst, schema.NullsLast:
	default:
		tv.problem(where, "it has NULLs %q; there are %q and %q", p.Nulls, schema.NullsFirst, schema.NullsLast)
	}
}

// included checks the columns that an index stores and does not search by.
func (tv *tableValidation) included(where string, names []string) {
	for _, name := range names {
		if _, ok := tv.t.Column(name); !ok {
			tv.problem(where, "the table has no column %q to include", name)
		}
	}
}
