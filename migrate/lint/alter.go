package lint

import (
	"slices"
	"strings"

	"github.com/retort-go/retort/migrate/hazard"
)

func (p *parser) alter() []Action {
	switch {
	case p.eat("table"), p.eat("foreign", "table"):
		return p.alterTable()
	case p.eat("index"):
		exists := p.is("if", "exists")
		a := Action{Verb: "harmless", Name: p.ifNotExists().String(), exists: exists}
		switch {
		case p.eat("rename", "to"):
			a.Form, a.Verb, a.To = hazard.RenameIndex, "", p.ident()
		case p.eat("set", "tablespace"):
			a.Form, a.Verb = hazard.SetTablespace, ""
		}
		return []Action{a}
	case p.eat("materialized", "view"), p.eat("view"):
		return []Action{p.alterView()}
	case p.eat("domain"):
		a := Action{Verb: "contract", Text: "domain", Name: p.name().String()}
		switch {
		case p.has("not", "valid"), p.is("validate"):
			a.Verb = "harmless"
		case p.is("add"), p.is("set", "not", "null"):
			a.Verb = "domain gets a rule"
		default:
			a.rename(p)
		}
		return []Action{a}
	case p.eat("type"):
		return []Action{p.alterType()}
	case p.any("schema", "sequence", "function", "procedure", "routine", "aggregate", "policy", "trigger", "rule", "statistics"):
		a := Action{Verb: "contract", Text: p.all[p.i-1].Text, Name: p.ifNotExists().String()}
		a.rename(p)
		return []Action{a}
	case p.is("default", "privileges"):
		return []Action{{Verb: "harmless"}}
	case p.is("system"):
		return []Action{{Verb: "outside", Text: "ALTER SYSTEM"}}
	case p.is("database"), p.is("role"), p.is("user"), p.is("group"), p.is("extension"), p.is("operator"), p.is("collation"), p.is("publication"),
		p.is("subscription"), p.is("server"), p.is("foreign"), p.is("text"), p.is("language"), p.is("large"), p.is("event"), p.is("tablespace"),
		p.is("conversion"), p.is("procedural"):
		return []Action{{Verb: "contract", Text: p.peek().Text}}
	}
	return []Action{{}}
}

func (p *parser) alterView() Action {
	a := Action{Verb: "contract", Text: "view", table: p.ifNotExists()}
	a.Name = a.table.String()
	if p.is("rename", "to") || !p.eat("rename") {
		a.rename(p)
		return a
	}
	p.eat("column")
	a.Verb, a.Name = "rename", a.Name+"."+p.ident()
	p.eat("to")
	a.To = p.ident()
	return a
}

// rename notes that something other than a table gets another name or schema.
func (a *Action) rename(p *parser) {
	if p.find("rename", "to") || p.find("set", "schema") {
		a.Verb, a.To = "rename", p.ident()
	}
}

func (p *parser) alterType() Action {
	a := Action{Verb: "contract", Text: "type", Name: p.name().String()}
	switch {
	case p.eat("add", "value"):
		a.Verb = "enum value"
		a.exists = p.eat("if", "not", "exists")
		a.Text = p.next().Text
		a.unique = p.is("before") || p.is("after")
	case p.is("add", "attribute"):
		a.Verb = "harmless"
	case p.is("drop", "attribute"):
		a.Verb = "drop"
	case p.eat("rename", "value"):
		a.Verb, a.To = "rename", strings.Trim(p.all[len(p.all)-1].Text, "'")
	default:
		a.rename(p)
	}
	return a
}

func (p *parser) alterTable() []Action {
	if p.eat("all", "in", "tablespace") {
		return []Action{{Form: hazard.SetTablespace, Text: "all"}}
	}
	p.eat("if", "exists")
	p.eat("only")
	table := p.name()
	p.eat("*")
	var out []Action
	for _, part := range p.split() {
		out = append(out, part.alterPart(table)...)
	}
	if len(out) == 0 {
		return []Action{{}}
	}
	return out
}

// simpleParts are the parts of ALTER TABLE that their first words tell, the longer
// ones first.
var simpleParts = []struct {
	words []string
	form  hazard.Form
}{
	{[]string{"owner", "to"}, hazard.OwnerTo},
	{[]string{"replica", "identity"}, hazard.ReplicaIdentity},
	{[]string{"cluster", "on"}, hazard.ClusterOn},
	{[]string{"inherit"}, hazard.Inherit},
	{[]string{"no", "inherit"}, hazard.Inherit},
	{[]string{"of"}, hazard.Inherit},
	{[]string{"not", "of"}, hazard.Inherit},
	{[]string{"enable", "row", "level", "security"}, hazard.RowSecurity},
	{[]string{"disable", "row", "level", "security"}, hazard.RowSecurity},
	{[]string{"force", "row", "level", "security"}, hazard.RowSecurity},
	{[]string{"no", "force", "row", "level", "security"}, hazard.RowSecurity},
	{[]string{"enable"}, hazard.EnableTrigger},
	{[]string{"disable"}, hazard.DisableTrigger},
}

func (p *parser) alterPart(table name) []Action {
	one := func(form hazard.Form) Action { return Action{Form: form, table: table} }
	switch {
	case p.eat("add"):
		q := *p
		if k, ok := q.constraint(table); ok {
			return []Action{k}
		}
		p.eat("column")
		exists := p.eat("if", "not", "exists")
		out := p.column(table)
		out[0].exists = exists
		return out
	case p.eat("drop", "constraint"):
		a := one(hazard.DropConstraint)
		a.Name, a.cascade = p.ifNotExists().name, p.has("cascade")
		return []Action{a}
	case p.eat("drop"):
		p.eat("column")
		a := one(hazard.DropColumn)
		a.Column, a.cascade = p.ifNotExists().name, p.has("cascade")
		return []Action{a}
	case p.eat("alter", "constraint"):
		return []Action{one(hazard.AlterConstraint)}
	case p.eat("alter"):
		p.eat("column")
		a := p.alterColumn()
		a.table = table
		return []Action{a}
	case p.eat("validate", "constraint"):
		a := one(hazard.ValidateConstraint)
		a.Name = p.ident()
		return []Action{a}
	case p.eat("rename"):
		return []Action{p.renamePart(table)}
	case p.eat("set"), p.eat("reset"):
		return []Action{p.setPart(table)}
	case p.eat("attach", "partition"):
		a := one(hazard.AttachPartition)
		a.Other = p.name().String()
		return []Action{a}
	case p.eat("detach", "partition"):
		a := one(hazard.DetachPartition)
		a.Other = p.name().String()
		if p.any("concurrently", "finalize") {
			a.Form = hazard.DetachConcurrently
		}
		return []Action{a}
	}
	for _, part := range simpleParts {
		if p.is(part.words...) {
			a := one(part.form)
			a.Text = p.text()
			return []Action{a}
		}
	}
	return []Action{{table: table}}
}

func (p *parser) renamePart(table name) Action {
	switch {
	case p.eat("to"):
		return Action{Form: hazard.RenameTable, table: table, To: p.ident()}
	case p.eat("constraint"):
		a := Action{Form: hazard.RenameConstraint, table: table, Name: p.ident()}
		p.eat("to")
		a.To = p.ident()
		return a
	default:
		p.eat("column")
		a := Action{Form: hazard.RenameColumn, table: table, Column: p.ident()}
		p.eat("to")
		a.To = p.ident()
		return a
	}
}

func (p *parser) setPart(table name) Action {
	form := hazard.SetParameters
	to := ""
	switch {
	case p.any("logged", "unlogged"):
		form = hazard.SetLogged
	case p.eat("access", "method"):
		form = hazard.SetAccessMethod
	case p.eat("tablespace"):
		form = hazard.SetTablespace
	case p.eat("schema"):
		form, to = hazard.SetSchema, p.ident()
	case p.eat("without", "cluster"):
		form = hazard.ClusterOn
	}
	return Action{Form: form, table: table, To: to}
}

func (p *parser) alterColumn() Action {
	a := Action{Column: p.ident()}
	words := []struct {
		words []string
		form  hazard.Form
	}{
		{[]string{"set", "not", "null"}, hazard.SetNotNull},
		{[]string{"drop", "not", "null"}, hazard.DropNotNull},
		{[]string{"set", "default"}, hazard.SetDefault},
		{[]string{"drop", "default"}, hazard.DropDefault},
		{[]string{"set", "expression"}, hazard.SetExpression},
		{[]string{"drop", "expression"}, hazard.DropExpression},
		{[]string{"add", "generated"}, hazard.AddIdentity},
		{[]string{"drop", "identity"}, hazard.DropIdentity},
		{[]string{"set", "statistics"}, hazard.SetStatistics},
		{[]string{"set", "storage"}, hazard.SetStorage},
		{[]string{"set", "compression"}, hazard.SetCompression},
		{[]string{"set", "("}, hazard.SetColumnOptions},
		{[]string{"reset", "("}, hazard.SetColumnOptions},
		{[]string{"set"}, hazard.SetIdentity},
		{[]string{"restart"}, hazard.SetIdentity},
	}
	if p.eat("set", "data", "type") || p.eat("type") {
		a.Form = hazard.AlterTypeCopy
		a.Type = p.until()
		if p.find("using") {
			a.Text = p.text()
		}
		return a
	}
	if i := slices.IndexFunc(words, func(w struct {
		words []string
		form  hazard.Form
	},
	) bool {
		return p.is(w.words...)
	}); i >= 0 {
		a.Form = words[i].form
	}
	return a
}

// dropped names what DROP knows beside tables and indexes.
var dropped = [][]string{
	{"view"},
	{"materialized", "view"},
	{"function"},
	{"procedure"},
	{"routine"},
	{"aggregate"},
	{"sequence"},
	{"type"},
	{"domain"},
	{"extension"},
	{"operator"},
	{"cast"},
	{"collation"},
	{"conversion"},
	{"server"},
	{"user", "mapping"},
	{"foreign", "data", "wrapper"},
	{"publication"},
	{"subscription"},
	{"statistics"},
	{"text", "search"},
	{"transform"},
	{"language"},
	{"event", "trigger"},
	{"access", "method"},
	{"role"},
	{"user"},
	{"group"},
	{"owned"},
	{"tablespace"},
	{"rule"},
}

func (p *parser) drop() []Action {
	cascade := p.has("cascade")
	switch {
	case p.eat("table"), p.eat("foreign", "table"):
		p.eat("if", "exists")
		var out []Action
		for _, part := range p.split() {
			out = append(out, Action{Form: hazard.DropTable, table: part.name(), cascade: cascade && len(out) == 0})
		}
		return out
	case p.eat("index"):
		form := hazard.DropIndex
		if p.eat("concurrently") {
			form = hazard.DropConcurrently
		}
		exists := p.eat("if", "exists")
		var out []Action
		for _, part := range p.split() {
			out = append(out, Action{Form: form, Name: part.name().String(), cascade: cascade && len(out) == 0, exists: exists})
		}
		return out
	case p.is("trigger"), p.is("policy"), p.is("rule"):
		form := hazard.DropTrigger
		if p.next().Text == "policy" {
			form = hazard.DropPolicy
		}
		a := Action{Form: form, cascade: cascade, Name: p.ifNotExists().name}
		p.find("on")
		a.table = p.name()
		return []Action{a}
	case p.eat("schema"):
		return []Action{{Verb: "drop schema", Name: p.ifNotExists().String(), cascade: cascade}}
	case p.eat("database"):
		return []Action{{Verb: "drop database", Name: p.ifNotExists().String()}}
	}
	for _, words := range dropped {
		if p.eat(words...) {
			return p.dropObjects(strings.Join(words, " "), cascade)
		}
	}
	return []Action{{}}
}

// dropObjects reads what DROP of other things names; all but views by the first.
func (p *parser) dropObjects(kind string, cascade bool) []Action {
	p.eat("if", "exists")
	out := []Action{{Verb: "drop", Text: kind, Name: p.name().String(), cascade: cascade}}
	if !strings.HasSuffix(kind, "view") {
		return out
	}
	for p.eat(",") {
		out = append(out, Action{Verb: "drop", Text: kind, Name: p.name().String()})
	}
	return out
}
