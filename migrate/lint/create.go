package lint

import (
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/hazard"
)

func (p *parser) create() []Action {
	replace := p.eat("or", "replace")
	p.any("global", "local")
	temporary := p.any("temporary", "temp")
	unlogged := p.eat("unlogged")
	switch {
	case p.eat("table"):
		return p.createTable(temporary)
	case unlogged:
		return []Action{{}}
	case p.eat("unique", "index"):
		return []Action{p.createIndex(true)}
	case p.eat("index"):
		return []Action{p.createIndex(false)}
	case p.eat("trigger"), p.eat("constraint", "trigger"), p.eat("event", "trigger"):
		a := Action{Form: hazard.CreateTrigger, Name: p.ident()}
		if p.all[1].Text == "event" || !p.find("on") {
			return []Action{{Verb: "contract", Name: a.Name}}
		}
		a.table = p.name()
		return []Action{a}
	case p.eat("policy"):
		a := Action{Form: hazard.CreatePolicy, Name: p.ident()}
		p.find("on")
		a.table = p.name()
		return []Action{a}
	case p.eat("rule"):
		a := Action{Form: hazard.CreateRule, Name: p.ident()}
		p.find("to")
		a.table = p.name()
		return []Action{a}
	case p.eat("statistics"):
		a := Action{Form: hazard.CreateStatistics}
		p.find("from")
		a.table = p.name()
		return []Action{a}
	case p.eat("materialized", "view"):
		return []Action{{Form: hazard.CreateTableAs, table: p.ifNotExists()}}
	case p.eat("domain"):
		a := Action{Verb: "domain", Name: p.name().String()}
		if p.has("check") || p.has("not", "null") {
			a.Verb = "domain with a rule"
		}
		return []Action{a}
	case p.any("view"), p.eat("recursive", "view"):
		return []Action{{Verb: "create", Name: p.name().String(), exists: replace, Text: "view"}}
	case p.any("function", "procedure"):
		return []Action{{Verb: "create", Name: p.name().String(), exists: replace, Text: "function"}}
	case p.eat("database"), p.eat("tablespace"):
		return []Action{{Verb: "outside", Text: "CREATE " + strings.ToUpper(p.all[1].Text)}}
	case p.any("type", "sequence"):
		return []Action{{Verb: "create", Text: p.all[p.i-1].Text, Name: p.ifNotExists().String()}}
	case p.is("schema"), p.is("extension"), p.is("role"), p.is("user"), p.is("group"), p.is("aggregate"),
		p.is("operator"), p.is("cast"), p.is("collation"), p.is("conversion"), p.is("default"), p.is("access"), p.is("server"), p.is("foreign"),
		p.is("publication"), p.is("subscription"), p.is("text"), p.is("transform"), p.is("trusted"), p.is("language"), p.is("procedural"):
		return []Action{{Verb: "create", Text: p.peek().Text}}
	}
	return []Action{{}}
}

func (p *parser) ifNotExists() name {
	p.eat("if", "not", "exists")
	p.eat("if", "exists")
	p.eat("only")
	return p.name()
}

func (p *parser) createIndex(unique bool) Action {
	a := Action{Form: hazard.CreateIndex, unique: unique}
	if p.eat("concurrently") {
		a.Form = hazard.CreateConcurrently
	}
	a.exists = p.eat("if", "not", "exists")
	if !p.is("on") {
		a.Name = p.name().String()
	}
	p.eat("on")
	a.only = p.eat("only")
	a.table = p.name()
	if p.eat("using") {
		p.ident()
	}
	for _, part := range p.inside().split() {
		a.Columns = append(a.Columns, part.text())
	}
	return a
}

func (p *parser) createTable(temporary bool) []Action {
	made := Action{Form: hazard.CreateTable, temporary: temporary}
	made.exists = p.is("if", "not", "exists")
	made.table = p.ifNotExists()
	switch {
	case p.eat("partition", "of"):
		parent := p.name()
		return []Action{made, {Form: hazard.CreatePartition, table: parent, Name: made.table.String(), Text: p.text()}}
	case p.is("as"), !p.is("(") && p.has("as"):
		made.Form = hazard.CreateTableAs
		return []Action{made}
	}
	out := []Action{made}
	elements := p.inside()
	if p.has("as") {
		out[0].Form = hazard.CreateTableAs
		return out
	}
	for _, part := range elements.split() {
		if part.is("like") {
			continue
		}
		q := *part
		if k, ok := q.constraint(made.table); ok {
			out = append(out, k)
			continue
		}
		out = append(out, part.column(made.table)...)
	}
	if p.eat("inherits") {
		for _, part := range p.inside().split() {
			out = append(out, Action{Form: hazard.CreateChild, table: part.name(), Name: made.table.String()})
		}
	}
	return out
}

// ends are the words behind the type or the default of a column.
var ends = map[string]bool{
	"collate": true, "constraint": true, "not": true, "null": true, "check": true, "default": true, "generated": true, "unique": true, "primary": true,
	"references": true, "storage": true, "compression": true, "deferrable": true, "initially": true, "using": true, "enforced": true, "no": true,
}

// until takes tokens up to a word of ends.
func (p *parser) until() string {
	from := p.i
	for !p.done() && (p.peek().Kind != sqltext.Word || !ends[p.peek().Text]) {
		p.skip()
	}
	return written(p.all[from:p.i])
}

// column reads the definition of a column: the column, then each constraint that
// comes with it.
func (p *parser) column(table name) []Action {
	a := Action{Form: hazard.AddColumn, table: table, Column: p.ident()}
	a.Type = p.until()
	var more []Action
	value := "" // what the rows that are there get
	for !p.done() {
		constraint := ""
		if p.eat("constraint") {
			constraint = p.ident()
		}
		at := Action{table: table, Column: a.Column, Columns: []string{a.Column}, Name: constraint}
		switch {
		case p.eat("not", "null"):
			a.notNull = true
		case p.eat("default"):
			from := p.i
			p.skip()
			p.until()
			value = written(p.all[from:p.i])
			a.Text = value
		case p.eat("generated"):
			a.Form, a.Text = hazard.AddColumnCopy, "generated"
			identity := p.has("identity")
			p.any("always")
			p.eat("by", "default")
			p.eat("as", "identity")
			p.eat("as")
			p.skip()
			switch {
			case identity:
				a.Text = "identity"
			case p.eat("virtual"):
				a.Form, a.Text = hazard.AddColumn, "virtual"
			case !p.eat("stored"): // virtual is the default from 18 on
				a.Text = "perhaps virtual"
			}
		case p.eat("primary", "key"):
			at.Form = hazard.AddPrimaryKey
			a.primary = true
			more = append(more, at)
		case p.eat("unique"):
			at.Form = hazard.AddUnique
			more = append(more, at)
		case p.eat("references"):
			at.Form, at.Other = hazard.AddForeignKey, p.name().String()
			at.Text = "inline"
			more = append(more, at)
		case p.eat("check"):
			at.Form, at.Text = hazard.AddCheck, p.inside().text()
			more = append(more, at)
		default:
			p.skip()
		}
	}
	switch {
	case strings.Contains(a.Type, "serial"):
		a.Form, a.Text = hazard.AddColumnCopy, "serial"
	case a.Form == hazard.AddColumnCopy:
	case value != "" && !hazard.Constant(value):
		a.Form = hazard.AddColumnCopy
	case a.notNull && a.Text == "" || a.primary && a.Text == "":
		a.Form = hazard.AddColumnRequired
	}
	return append([]Action{a}, more...)
}

// constraint reads a constraint of a table.
func (p *parser) constraint(table name) (Action, bool) {
	a := Action{table: table}
	if p.eat("constraint") {
		a.Name = p.ident()
	}
	definition := p.text()
	later := p.has("not", "valid") || p.has("not", "enforced")
	choose := func(now, notValid hazard.Form) hazard.Form {
		if later {
			return notValid
		}
		return now
	}
	a.Text = definition
	switch {
	case p.eat("check"):
		a.Form, a.Text = choose(hazard.AddCheck, hazard.AddCheckNotValid), p.inside().text()
	case p.eat("not", "null"):
		a.Form, a.Column = choose(hazard.AddNotNull, hazard.AddNotNullNotValid), p.ident()
	case p.eat("foreign", "key"):
		a.Form, a.Columns = choose(hazard.AddForeignKey, hazard.AddForeignKeyNotValid), p.idents()
		p.find("references")
		a.Other = p.name().String()
	case p.eat("primary", "key"), p.eat("unique"):
		a.Form = hazard.AddUnique
		if strings.HasPrefix(definition, "primary") {
			a.Form = hazard.AddPrimaryKey
		}
		p.eat("nulls", "not", "distinct")
		p.eat("nulls", "distinct")
		if p.eat("using", "index") {
			a.Form = hazard.AddUsingIndex
			break
		}
		a.Columns = p.idents()
	case p.eat("exclude"):
		a.Form = hazard.AddExclusion
	default:
		return Action{}, false
	}
	return a, true
}
