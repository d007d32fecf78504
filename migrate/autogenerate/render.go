package autogenerate

import (
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/catalog"
)

// createTable writes a table with everything that needs no other table: columns
// and all constraints but foreign keys.
func (p *planner) createTable(t *catalog.Table) string {
	create := "CREATE TABLE "
	if t.Persistence == catalog.Unlogged {
		create = "CREATE UNLOGGED TABLE "
	}
	create += p.table(t.Ref())
	var lines []string
	for i := range t.Columns {
		if !t.Columns[i].Inherited {
			lines = append(lines, columnText(&t.Columns[i]))
		}
	}
	for i := range t.Constraints {
		if k := &t.Constraints[i]; k.Kind != catalog.ForeignKey && !k.Inherited && k.Valid {
			lines = append(lines, "CONSTRAINT "+sqltext.Ident(k.Name)+" "+k.Definition)
		}
	}
	body := " ()"
	if len(lines) > 0 {
		body = " (\n    " + strings.Join(lines, ",\n    ") + "\n)"
	}
	switch {
	case t.Partition():
		create += " PARTITION OF " + p.table(t.Inherits[0])
		if len(lines) > 0 {
			create += body
		}
		create += " " + t.PartitionBound
	case len(t.Inherits) > 0:
		names := make([]string, len(t.Inherits))
		for i, parent := range t.Inherits {
			names[i] = p.table(parent)
		}
		create += body + " INHERITS (" + strings.Join(names, ", ") + ")"
	default:
		create += body
	}
	if t.PartitionBy != "" {
		create += " PARTITION BY " + t.PartitionBy
	}
	if t.Access != "" {
		create += " USING " + sqltext.Ident(t.Access)
	}
	if t.Storage != "" {
		create += " WITH (" + quotedParameters(t.Storage) + ")"
	}
	return create
}

// quotedParameters writes parameters as SQL: a value is a string, whatever it
// looks like.
func quotedParameters(text string) string {
	var out []string
	for part := range strings.SplitSeq(text, ", ") {
		if name, value, ok := strings.Cut(part, "="); ok {
			out = append(out, name+" = "+sqltext.Literal(value))
		}
	}
	return strings.Join(out, ", ")
}

// columnText is a column as CREATE TABLE and ADD COLUMN want it.
func columnText(c *catalog.Column) string {
	out := sqltext.Ident(c.Name) + " " + columnType(c)
	if c.Compression != "" {
		out += " COMPRESSION " + c.Compression
	}
	switch {
	case c.Generated != "":
		out += " GENERATED ALWAYS AS (" + c.Generated + ") STORED"
		if c.Virtual {
			out = strings.TrimSuffix(out, "STORED") + "VIRTUAL"
		}
	case c.Identity != "":
		out += " GENERATED " + c.Identity + " AS IDENTITY"
		if c.Sequence != "" {
			out += " (" + c.Sequence + ")"
		}
	case c.Default != "":
		out += " DEFAULT " + c.Default
	}
	if c.NotNull {
		out += " NOT NULL"
	}
	return out
}

func (p *planner) createIndex(t catalog.Ref, ix *catalog.Index, name string, concurrently bool) string {
	out := "CREATE "
	if ix.Unique {
		out += "UNIQUE "
	}
	out += "INDEX "
	if concurrently {
		out += "CONCURRENTLY "
	}
	return out + sqltext.Ident(name) + " ON " + p.table(t) + " " + ix.Definition
}

func (p *planner) createTrigger(t catalog.Ref, tr *catalog.Trigger) string {
	out := "CREATE TRIGGER "
	if tr.Constraint {
		out = "CREATE CONSTRAINT TRIGGER "
	}
	return out + sqltext.Ident(tr.Name) + " " + strings.Replace(tr.Definition, "{table}", p.table(t), 1)
}

func (p *planner) createPolicy(t catalog.Ref, policy *catalog.Policy) string {
	return "CREATE POLICY " + sqltext.Ident(policy.Name) + " ON " + p.table(t) + policyText(policy)
}

func policyText(policy *catalog.Policy) string {
	out := ""
	if !policy.Permissive {
		out += " AS RESTRICTIVE"
	}
	out += " FOR " + policy.Command + " TO " + strings.Join(policy.Roles, ", ")
	if policy.Using != "" {
		out += " USING (" + policy.Using + ")"
	}
	if policy.Check != "" {
		out += " WITH CHECK (" + policy.Check + ")"
	}
	return out
}

func (p *planner) createView(v *catalog.View, replace bool) string {
	out := "CREATE "
	if replace {
		out += "OR REPLACE "
	}
	if v.Materialized {
		out += "MATERIALIZED "
	}
	out += "VIEW " + p.name(v.Namespace, v.Name)
	if v.Options != "" {
		out += " WITH (" + quotedParameters(v.Options) + ")"
	}
	out += " AS\n" + v.Definition
	if v.Materialized && !v.Populated {
		out += "\nWITH NO DATA"
	}
	return out
}

func (p *planner) createFunction(f *catalog.Function, replace bool) string {
	word := map[string]string{"PROCEDURE": "PROCEDURE ", "AGGREGATE": "AGGREGATE "}[f.Kind]
	if word == "" {
		word = "FUNCTION "
	}
	out := "CREATE "
	if replace {
		out += "OR REPLACE "
	}
	return out + word + p.name(f.Namespace, f.Name) + f.Definition
}

func (p *planner) createSequence(s *catalog.Sequence) string {
	out := "CREATE SEQUENCE "
	if s.Unlogged {
		out = "CREATE UNLOGGED SEQUENCE "
	}
	return out + p.name(s.Namespace, s.Name) + " " + sequenceOptions(s)
}

func sequenceOptions(s *catalog.Sequence) string {
	out := "AS " + s.Type + " INCREMENT BY " + s.Increment + " MINVALUE " + s.Min + " MAXVALUE " + s.Max + " START WITH " + s.Start + " CACHE " + s.Cache
	if s.Cycle {
		return out + " CYCLE"
	}
	return out + " NO CYCLE"
}

// ownedBy says whose column a sequence goes with.
func ownedBy(c *catalog.Catalog, s *catalog.Sequence) string {
	if s.OwnerTable == "" {
		return " OWNED BY NONE"
	}
	p := planner{to: c}
	return " OWNED BY " + p.name(s.OwnerNamespace, s.OwnerTable) + "." + sqltext.Ident(s.OwnerColumn)
}

func (p *planner) createType(t *catalog.Type) string {
	name := p.name(t.Namespace, t.Name)
	if t.Kind == catalog.Domain {
		return "CREATE DOMAIN " + name + " AS " + typeText(t)
	}
	return "CREATE TYPE " + name + " AS " + typeText(t)
}

// typeText is the definition of a type behind its name.
func typeText(t *catalog.Type) string {
	switch t.Kind {
	case catalog.Enum:
		labels := make([]string, len(t.Labels))
		for i, label := range t.Labels {
			labels[i] = sqltext.Literal(label)
		}
		return "ENUM (" + strings.Join(labels, ", ") + ")"
	case catalog.Domain:
		out := t.Base
		if t.Collation != "" {
			out += " COLLATE " + t.Collation
		}
		if t.Default != "" {
			out += " DEFAULT " + t.Default
		}
		if t.NotNull {
			out += " NOT NULL"
		}
		for i := range t.Checks {
			out += " CONSTRAINT " + sqltext.Ident(t.Checks[i].Name) + " " + t.Checks[i].Definition
		}
		return out
	case catalog.Composite:
		fields := make([]string, len(t.Fields))
		for i := range t.Fields {
			fields[i] = sqltext.Ident(t.Fields[i].Name) + " " + columnType(&t.Fields[i])
		}
		return "(" + strings.Join(fields, ", ") + ")"
	case catalog.Range:
		return "RANGE (SUBTYPE = " + t.Base + t.Options + ")"
	default:
		return string(t.Kind)
	}
}

// Create is the statement that makes one object of c: a type, sequence, function or
// view, or with part a trigger or policy of the table that ref names, or an index of
// the view. In place of the name of
// a function or of the table that a part belongs to stands {function} or {table},
// as in registered SQL objects.
//
//   - Shape: without a semicolon; empty for what is not there.
func Create(c *catalog.Catalog, ref catalog.Ref, part string) string {
	p := planner{from: c, to: c}
	switch ref.Kind {
	case catalog.KindType:
		if t, ok := c.Type(ref.Namespace, ref.Name); ok {
			return p.createType(t)
		}
	case catalog.KindView:
		if v, ok := c.View(ref.Namespace, ref.Name); ok && part == "" {
			return p.createView(v, false)
		} else if ix, _ := p.indexOf(c, ref, part); ok && ix != nil {
			return p.createIndex(ref, ix, ix.Name, false)
		}
	case catalog.KindSequence:
		if s, ok := c.Sequence(ref.Namespace, ref.Name); ok {
			return p.createSequence(s)
		}
	case catalog.KindFunction:
		if f, ok := c.Function(ref.Namespace, ref.Name); ok {
			return strings.TrimSuffix(p.createFunction(f, false), p.name(f.Namespace, f.Name)+f.Definition) + "{function}" + f.Definition
		}
	case catalog.KindTable:
		t, ok := c.Table(ref.Namespace, ref.Name)
		if !ok {
			return ""
		}
		if tr, ok := t.Trigger(part); ok {
			return strings.TrimSuffix(p.createTrigger(ref, &catalog.Trigger{Name: tr.Name, Constraint: tr.Constraint}), " ") + " " + tr.Definition
		}
		if policy, ok := t.Policy(part); ok {
			return "CREATE POLICY " + sqltext.Ident(policy.Name) + " ON {table}" + policyText(policy)
		}
	}
	return ""
}
