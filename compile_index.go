package retort

import (
	"strings"

	"github.com/retort-go/retort/schema"
)

// constraints compiles what a model says of its own rows.
func (c *compiler) constraints(p *part) {
	t := p.schema
	t.Comment, t.Storage, t.Unlogged = p.def.comment, p.def.storage, p.def.unlogged
	t.RenamedFrom = p.def.renamedFrom
	for _, u := range p.def.uniques {
		_, names, ok := c.find(p, "Unique", u.fields)
		included, okToo := c.included(p, "Unique.Include", u.include)
		if ok && okToo {
			t.Uniques = append(t.Uniques, schema.Unique{
				Name: pick(u.name, c.naming.UniqueName(t.Name, names)), Columns: names, NullsNotDistinct: u.nullsNotDistinct,
				Include: included, Where: u.where, Deferrable: u.deferrable,
			})
		}
	}
	for _, x := range p.def.indexes {
		c.index(p, x)
	}
	for _, e := range p.def.exclusions {
		c.exclusion(p, e)
	}
	for _, k := range p.def.checks {
		t.Checks = append(t.Checks, schema.Check{Name: c.naming.CheckName(t.Name, k.Name), Expression: k.Expression})
	}
}

func (c *compiler) index(p *part, x *IndexDef) {
	words, included, ok := c.indexParts(p, "Index", x)
	if !ok {
		return
	}
	name := c.naming.IndexName(p.schema.Name, words)
	if x.unique {
		name = c.naming.UniqueName(p.schema.Name, words)
	}
	out := schema.Index{
		Name: pick(x.name, name), Unique: x.unique, NullsNotDistinct: x.nullsNotDistinct, Method: x.method,
		Include: included, Where: x.where, Storage: x.storage,
	}
	for _, part := range x.parts {
		out.Parts = append(out.Parts, part.IndexPart)
	}
	p.schema.Indexes = append(p.schema.Indexes, out)
}

func (c *compiler) exclusion(p *part, e *ExcludeDef) {
	x := &e.index
	words, included, ok := c.indexParts(p, "Exclude", x)
	if !ok {
		return
	}
	out := schema.Exclusion{
		Name: pick(x.name, c.naming.ExclusionName(p.schema.Name, words)), Method: x.method,
		Include: included, Where: x.where, Deferrable: e.deferrable,
	}
	for _, part := range x.parts {
		out.Parts = append(out.Parts, schema.ExclusionPart{IndexPart: part.IndexPart, Operator: part.operator})
	}
	p.schema.Exclusions = append(p.schema.Exclusions, out)
}

// indexParts resolves the fields of an index; words make its name.
func (c *compiler) indexParts(p *part, call string, x *IndexDef) (words, included []string, ok bool) {
	if len(x.parts) == 0 {
		c.fail(p.decl, "%s: no field given", call)
		return nil, nil, false
	}
	ok = true
	for _, of := range x.strangers {
		c.fail(p.decl, "%s: a method names a part that it does not have (%T); pass the same field pointer, or the same text as to Expression", call, of)
		ok = false
	}
	for _, part := range x.parts {
		if part.Expression != "" {
			words = append(words, word(part.Expression))
			continue
		}
		_, name, found := c.findIn(p, p, call, part.of)
		part.Column = name
		words, ok = append(words, name), ok && found
	}
	included, found := c.included(p, call+".Include", x.include)
	return words, included, ok && found
}

func (c *compiler) included(p *part, call string, fields []any) (names []string, ok bool) {
	if len(fields) == 0 {
		return nil, true
	}
	_, names, ok = c.find(p, call, fields)
	return names, ok
}

// word makes part of a name out of an expression: lower(title) is lower_title.
func word(expression string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(expression), func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), "_")
}
