package lint

import (
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/hazard"
)

// Action is one thing that a statement does: all of it, or one part of an ALTER
// TABLE.
//
//   - Shape: Form is empty for what takes no lock on a table; Verb says what it is
//     then. Names are as PostgreSQL folds them, with a schema where the statement
//     has one. Other is a table that Table will depend on.
type Action struct {
	Form    hazard.Form
	Verb    string
	Table   string
	Other   string
	Column  string
	Columns []string
	Name    string // of a constraint, an index or another object
	Type    string // of a column
	To      string // a new name
	Text    string // an expression or definition

	notNull   bool
	temporary bool
	unique    bool
	only      bool // ON ONLY
	cascade   bool // of the first, where it stands once for several
	exists    bool // IF EXISTS or IF NOT EXISTS
	primary   bool
	table     name
	line      int
}

// Effect is what the action does to its table.
func (a Action) Effect() hazard.Effect {
	e, _ := hazard.Of(a.Form)
	return e
}

// Read takes a statement apart. What it does not know is one action without form
// and verb.
//
//   - Shape: several actions for ALTER TABLE, for a column with constraints, and for
//     statements on several tables.
func Read(sql string) []Action {
	return read(sql, sqltext.Tokens(sql))
}

func read(sql string, tokens []sqltext.Token) []Action {
	for len(tokens) > 0 && tokens[len(tokens)-1].Text == ";" && tokens[len(tokens)-1].Kind == sqltext.Symbol {
		tokens = tokens[:len(tokens)-1]
	}
	if len(tokens) == 0 {
		return nil
	}
	p := &parser{sql: sql, all: tokens}
	actions := p.statement()
	for i := range actions {
		a := &actions[i]
		if a.table.name != "" {
			a.Table = a.table.String()
		}
		a.line = 1 + strings.Count(sql[:tokens[0].Start], "\n")
	}
	return actions
}

// statement reads by the first words.
func (p *parser) statement() []Action {
	switch {
	case p.eat("create"):
		return p.create()
	case p.eat("alter"):
		return p.alter()
	case p.eat("drop"):
		return p.drop()
	case p.eat("with"):
		return p.with()
	case p.is("insert"), p.is("update"), p.is("delete"), p.is("merge"):
		return p.write()
	case p.any("begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release"), p.eat("prepare", "transaction"):
		return []Action{{Verb: "transaction", Text: p.all[0].Text}}
	case p.any("set", "reset"):
		return []Action{p.set()}
	case p.any("select", "values", "table", "show", "explain", "notify", "listen", "unlisten", "discard", "checkpoint", "load", "grant", "security", "prepare", "execute", "deallocate"):
		return p.harmless()
	case p.eat("revoke"), p.eat("reassign"):
		return []Action{{Verb: "contract", Text: p.all[0].Text}}
	case p.any("do", "call"):
		return []Action{{Verb: "code", Text: p.all[0].Text}}
	case p.eat("copy"):
		return []Action{{Form: hazard.Insert, table: p.name()}}
	default:
		return p.upkeep()
	}
}

// harmless reads what changes nothing of the schema. A SELECT may call anything.
func (p *parser) harmless() []Action {
	if p.has("setval") {
		return []Action{{Verb: "harmless"}}
	}
	if p.is("into") || p.all[0].Text == "select" && p.has("into") {
		return []Action{{Form: hazard.CreateTableAs}}
	}
	return []Action{{Verb: "harmless"}}
}

// upkeep reads what works on tables as they are.
func (p *parser) upkeep() []Action {
	switch {
	case p.eat("truncate"):
		p.eat("table")
		var out []Action
		cascade := p.has("cascade")
		for _, part := range p.split() {
			part.eat("only")
			out = append(out, Action{Form: hazard.Truncate, table: part.name(), cascade: cascade && len(out) == 0})
		}
		return out
	case p.eat("lock"):
		p.eat("table")
		q, mode := *p, "ACCESS EXCLUSIVE"
		if q.find("in") {
			mode, _, _ = strings.Cut(strings.ToUpper(q.text()), " MODE")
		}
		var out []Action
		for _, part := range p.split() {
			part.eat("only")
			out = append(out, Action{Form: hazard.LockTable, table: part.name(), Text: mode})
		}
		return out
	case p.eat("cluster"):
		p.skipOptions()
		p.eat("verbose")
		return []Action{{Form: hazard.Cluster, table: p.name()}}
	case p.eat("vacuum"):
		full := p.eat("full") || strings.Contains(p.inside().text(), "full")
		p.any("freeze")
		p.any("verbose")
		p.any("analyze")
		if full {
			return []Action{{Form: hazard.VacuumFull, table: p.name()}}
		}
		return []Action{{Form: hazard.Vacuum, table: p.name()}}
	case p.any("analyze", "analyse"):
		p.skipOptions()
		p.eat("verbose")
		return []Action{{Form: hazard.Analyze, table: p.name()}}
	case p.eat("reindex"):
		return []Action{p.reindex()}
	case p.eat("refresh", "materialized", "view"):
		form := hazard.Refresh
		if p.eat("concurrently") {
			form = hazard.RefreshConcurrently
		}
		return []Action{{Form: form, table: p.name()}}
	case p.eat("comment", "on"):
		if p.eat("table") || p.eat("column") {
			return []Action{{Form: hazard.Comment, table: p.name()}}
		}
		return []Action{{Verb: "harmless"}}
	case p.eat("import", "foreign", "schema"):
		return []Action{{Verb: "harmless"}}
	}
	return []Action{{}}
}

func (p *parser) skipOptions() {
	if p.is("(") {
		p.skip()
	}
}

func (p *parser) reindex() Action {
	concurrent := strings.Contains(p.inside().text(), "concurrently")
	kind := p.ident()
	if p.eat("concurrently") {
		concurrent = true
	}
	a := Action{Form: hazard.Reindex, Name: p.name().String(), Text: kind}
	if kind == "table" {
		a.Table = a.Name
	}
	if concurrent {
		a.Form = hazard.ReindexConcurrently
	}
	return a
}

func (p *parser) set() Action {
	reset := p.all[0].Text == "reset"
	p.any("local", "session")
	setting := p.name().String()
	value := ""
	if !reset {
		p.any("to", "=")
		value = strings.Trim(p.text(), "'")
	}
	return Action{Verb: "set", Name: setting, Text: value}
}

// with reads a statement behind common table expressions; what these write counts.
func (p *parser) with() []Action {
	p.eat("recursive")
	var out []Action
	for !p.done() && !p.is("insert") && !p.is("update") && !p.is("delete") && !p.is("merge") && !p.is("select") {
		if p.is("(") {
			if in := p.inside(); in.is("insert") || in.is("update") || in.is("delete") || in.is("merge") {
				out = append(out, in.write()...)
			}
			continue
		}
		p.next()
	}
	if !p.is("select") && !p.done() {
		return append(out, p.write()...)
	}
	return append(out, Action{Verb: "harmless"})
}

func (p *parser) write() []Action {
	switch {
	case p.eat("insert", "into"), p.eat("merge", "into"):
		return []Action{{Form: hazard.Insert, table: p.name()}}
	case p.eat("update"):
		p.eat("only")
		a := Action{Form: hazard.Update, table: p.name()}
		if p.everyRow() {
			a.Form = hazard.UpdateAll
		}
		return []Action{a}
	case p.eat("delete", "from"):
		p.eat("only")
		a := Action{Form: hazard.Delete, table: p.name()}
		if p.everyRow() {
			a.Form = hazard.DeleteAll
		}
		return []Action{a}
	}
	return []Action{{}}
}

// everyRow reports whether no WHERE leaves out a row.
func (p *parser) everyRow() bool {
	q := *p
	if !q.find("where") {
		return true
	}
	condition := q
	if condition.find("returning") {
		condition.all = condition.all[:condition.i-1]
	}
	condition.i = q.i
	return slices.Contains([]string{"true", "not false", "1 = 1", "1=1"}, strings.TrimRight(strings.TrimLeft(condition.text(), "( "), ") "))
}
