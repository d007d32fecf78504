package ddl

import (
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/schema"
)

// CreateIndex writes CREATE INDEX for one index of t.
func CreateIndex(t *schema.Table, ix *schema.Index) string {
	var b strings.Builder
	b.WriteString("CREATE ")
	if ix.Unique {
		b.WriteString("UNIQUE ")
	}
	b.WriteString("INDEX " + sqltext.Ident(ix.Name) + "\n    ON " + relation(t) + " ")
	if ix.Method != "" {
		b.WriteString("USING " + sqltext.Ident(ix.Method) + " ")
	}
	parts := make([]string, len(ix.Parts))
	for i := range ix.Parts {
		parts[i] = part(&ix.Parts[i])
	}
	b.WriteString("(" + strings.Join(parts, ", ") + ")" + include(ix.Include))
	if ix.NullsNotDistinct {
		b.WriteString(" NULLS NOT DISTINCT")
	}
	b.WriteString(storage(ix.Storage))
	if ix.Where != "" {
		b.WriteString("\n    WHERE " + ix.Where)
	}
	return b.String()
}

// CreateUniqueIndex writes CREATE UNIQUE INDEX for a unique rule of t that has
// a predicate.
func CreateUniqueIndex(t *schema.Table, u *schema.Unique) string {
	return CreateIndex(t, &schema.Index{
		Name: u.Name, Unique: true, NullsNotDistinct: u.NullsNotDistinct,
		Parts: schema.Parts(u.Columns...), Include: u.Include, Where: u.Where,
	})
}

// part writes one part of an index or of an exclusion constraint.
func part(p *schema.IndexPart) string {
	out := sqltext.Ident(p.Column)
	if p.Expression != "" {
		out = "(" + closed(p.Expression) + ")"
	}
	if p.Collation != "" {
		out += " COLLATE " + sqltext.Ident(p.Collation)
	}
	if p.OperatorClass != "" {
		out += " " + closed(p.OperatorClass)
	}
	if p.Desc {
		out += " DESC"
	}
	if p.Nulls != schema.NullsDefault {
		out += " NULLS " + string(p.Nulls)
	}
	return out
}

func exclusion(e *schema.Exclusion) string {
	method := e.Method
	if method == "" {
		method = "gist"
	}
	parts := make([]string, len(e.Parts))
	for i := range e.Parts {
		parts[i] = part(&e.Parts[i].IndexPart) + " WITH " + closed(e.Parts[i].Operator)
	}
	out := constraint(e.Name) + "EXCLUDE USING " + sqltext.Ident(method) +
		" (" + strings.Join(parts, ", ") + ")" + include(e.Include)
	if e.Where != "" {
		out += " WHERE (" + closed(e.Where) + ")"
	}
	return out + deferrable(e.Deferrable, " ")
}

func include(columns []string) string {
	if len(columns) == 0 {
		return ""
	}
	return " INCLUDE " + columnList(columns)
}

func nullsNotDistinct(is bool) string {
	if is {
		return "NULLS NOT DISTINCT "
	}
	return ""
}
