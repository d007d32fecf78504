package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/hazard"
)

// Check looks at one direction of one revision, its Up for most purposes: what a
// way back deletes is its point.
//
//   - Shape: by line, answered findings among the others; nil when there is nothing to
//     say. The same input gives the same findings.
func Check(steps []migrate.Step, opts Options) []Finding {
	c := &checker{
		opts: opts, types: map[string]string{}, fresh: map[string]bool{}, proved: map[string]bool{}, checks: map[string][]string{}, defaults: map[string]bool{}, made: map[string]bool{}, forced: map[string]bool{},
	}
	for i := range steps {
		for _, a := range Read(steps[i].SQL) {
			if a.Verb == "create" || a.Form == hazard.CreateTable || a.Form == hazard.CreateTableAs {
				c.made[bare(cmp.Or(a.Table, a.Name))] = true
			}
			if a.Form == hazard.RowSecurity && begins(a.Text, "force") {
				c.forced[bare(a.Table)] = true
			}
		}
	}
	for i := range steps {
		c.statement(&steps[i])
	}
	slices.SortStableFunc(c.found, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
	return c.found
}

// checker remembers what the statements before did.
type checker struct {
	opts  Options
	found []Finding

	st      *migrate.Step
	tx      int // the number of the transaction, 0 outside of any
	count   int
	open    bool // the transaction goes on
	held    []lockHeld
	labels  []Action // values of enums that this transaction added
	bounded bool     // lock_timeout is set

	made     map[string]bool     // what the revision makes, before or behind
	forced   map[string]bool     // tables whose policies it makes hold for their owners, before or behind
	fresh    map[string]bool     // tables that it made so far, which nobody else knows
	proved   map[string]bool     // table and column of which a check says NOT NULL
	checks   map[string][]string // by table and name: the columns that a check proves
	defaults map[string]bool     // new columns that have a default
	types    map[string]string   // by table and column: what a statement made of it, "" where that is not known
}

// lockHeld is a lock that the transaction keeps to its end.
type lockHeld struct {
	lock  hazard.Lock
	table string
	line  int
}

func (c *checker) version() int { return cmp.Or(c.opts.Version, 18) }

func (c *checker) statement(st *migrate.Step) {
	if st.SQL != "" || st.Mode == migrate.Call {
		c.transaction(st)
	}
	c.st = st
	tokens := sqltext.Tokens(st.SQL)
	from := len(c.found)
	actions := read(st.SQL, tokens)
	if st.Mode == migrate.Call {
		actions = []Action{{Verb: "function"}}
	}
	c.usedLabels(tokens)
	for i := range actions {
		c.action(&actions[i])
	}
	c.answer(from)
}

// transaction follows which statements share one; tx is 0 outside of any.
func (c *checker) transaction(st *migrate.Step) {
	together := st.Mode == "" || st.Mode == migrate.Together
	if together && c.tx > 0 && c.open {
		return
	}
	c.held, c.labels, c.open = nil, nil, together
	c.count++
	c.tx = c.count
	if st.Mode == migrate.Outside {
		c.tx = 0
	}
}

// isFresh reports whether the revision itself made a table, so that nobody else
// knows it yet.
func (c *checker) isFresh(table string) bool { return table != "" && c.fresh[bare(table)] }

// bare is a table without the schema that most people leave out.
func bare(table string) string { return strings.TrimPrefix(table, "public.") }

func (c *checker) action(a *Action) {
	before := len(c.found)
	for i := range rules {
		if r := &rules[i]; c.applies(r, a) {
			c.report(r, a, nil)
		}
	}
	c.around(a, len(c.found) > before)
	c.remember(a)
}

func (c *checker) applies(r *Rule, a *Action) bool {
	switch {
	case r.Severity == Advice && !c.opts.Advice, slices.Contains(c.opts.Off, r.ID):
		return false
	case a.Form != "" && !slices.Contains(r.forms, a.Form), a.Form == "" && !slices.Contains(r.verbs, a.Verb):
		return false
	case !r.fresh && (c.isFresh(a.Table) || a.temporary):
		return false
	}
	return r.when == nil || r.when(c, a)
}

// around finds what depends on the transaction.
func (c *checker) around(a *Action, already bool) {
	e := a.Effect()
	if (e.Outside || a.Verb == "outside" || a.Verb == "drop database") && c.tx != 0 {
		c.order("inside-transaction", a, nil)
	}
	if c.isFresh(a.Table) {
		return
	}
	if i := slices.IndexFunc(c.held, func(h lockHeld) bool { return h.lock >= hazard.Share }); i >= 0 {
		held := map[string]string{
			"{held}":  fmt.Sprintf("%s on %s (line %d)", c.held[i].lock, c.held[i].table, c.held[i].line),
			"{stops}": c.held[i].lock.Stops(),
		}
		switch a.Form {
		case hazard.ValidateConstraint:
			c.order("validate-under-lock", a, held)
		case hazard.Update, hazard.UpdateAll, hazard.Delete, hazard.DeleteAll:
			c.order("write-under-lock", a, held)
		}
	}
	if c.opts.AskTimeouts && !c.bounded && e.Lock >= hazard.ShareUpdateExclusive && !already {
		c.order("timeout-missing", a, nil)
	}
}

func (c *checker) order(id string, a *Action, more map[string]string) bool {
	r, ok := find(id)
	if ok = ok && !slices.Contains(c.opts.Off, id); ok {
		c.report(r, a, more)
	}
	return ok
}

// usedLabels finds new values of enums in the statement behind.
func (c *checker) usedLabels(tokens []sqltext.Token) {
	for i := range c.labels {
		if slices.ContainsFunc(tokens, func(t sqltext.Token) bool { return t.Kind == sqltext.String && t.Text == c.labels[i].Text }) {
			label := c.labels[i]
			c.order("enum-value-used", &label, nil)
		}
	}
}

// remember keeps what later statements depend on.
func (c *checker) remember(a *Action) {
	key := a.Table + "\x00" + a.Column
	switch a.Form {
	case hazard.CreateTable, hazard.CreateTableAs:
		if !a.exists {
			c.fresh[bare(a.Table)] = true
		}
	case hazard.RenameTable:
		if c.isFresh(a.Table) {
			c.fresh[a.To] = true
		}
	case hazard.AlterTypeCopy, hazard.AlterTypeWiden:
		c.types[key] = canonical(a.Type)
	case hazard.RenameColumn:
		c.types[a.Table+"\x00"+a.To] = ""
	case hazard.AddColumn, hazard.AddColumnCopy:
		c.defaults[key] = a.Text != ""
	case hazard.AddCheck, hazard.AddCheckNotValid, hazard.AddNotNullNotValid:
		columns := []string{a.Column}
		if a.Form != hazard.AddNotNullNotValid {
			columns = neverNull(a.Text)
		}
		c.checks[bare(a.Table)+"\x00"+a.Name] = columns
		if a.Form == hazard.AddCheck {
			c.prove(a.Table, columns, true)
		}
	case hazard.ValidateConstraint, hazard.DropConstraint:
		c.prove(a.Table, c.checks[bare(a.Table)+"\x00"+a.Name], a.Form == hazard.ValidateConstraint)
	}
	switch a.Verb {
	case "enum value":
		c.labels = append(c.labels, *a)
	case "set":
		c.bounded = c.bounded && a.Name != "lock_timeout" || a.Name == "lock_timeout" && !timeoutOff(c, a)
	}
	if e := a.Effect(); c.tx != 0 && e.Lock != hazard.None && a.Table != "" && !c.isFresh(a.Table) {
		c.held = append(c.held, lockHeld{e.Lock, a.Table, c.line(a)})
	}
}

// prove notes of which columns a valid check says NOT NULL.
func (c *checker) prove(table string, columns []string, proved bool) {
	for _, column := range columns {
		c.proved[bare(table)+"\x00"+column] = proved
	}
}

func (c *checker) line(a *Action) int { return max(c.st.Line, 1) + max(a.line, 1) - 1 }

// report writes a finding.
func (c *checker) report(r *Rule, a *Action, more map[string]string) {
	e := a.Effect()
	form := string(a.Form)
	if form == "" {
		form = strings.ToUpper(strings.TrimSpace(a.Verb + " " + a.Text))
		if a.Verb == "outside" {
			form = a.Text
		}
	}
	unique := ""
	if a.unique {
		unique = "UNIQUE "
	}
	name := a.Name
	if name == "" {
		name = cmp.Or(strings.Join(append([]string{bare(a.Table)}, a.Columns...), "_"), "…")
	}
	pairs := []string{
		"{table}", readable(a.Table), "{other}", readable(a.Other), "{column}", readable(a.Column), "{columns}", strings.Join(a.Columns, ", "),
		"{name}", readable(name), "{type}", a.Type, "{to}", readable(a.To), "{text}", a.Text, "{form}", form, "{unique}", unique,
		"{lock}", e.Lock.On(cmp.Or(readable(a.Table), "it"), e.Span).Text,
	}
	if more["{stops}"] == "" {
		pairs = append(pairs, "{stops}", e.Lock.Stops())
	}
	for key, value := range more {
		pairs = append(pairs, key, value)
	}
	fill := strings.NewReplacer(pairs...)
	c.found = append(c.found, Finding{
		Rule: r.ID, Severity: r.Severity, Line: c.line(a), Table: a.Table, Kind: r.Kind, Lock: e.Lock, Span: e.Span,
		Rewrites: e.Span == hazard.Copy, Deletes: e.Deletes, Text: fill.Replace(r.Text), Instead: fill.Replace(r.Instead),
	})
}

// readable quotes the parts of a name that need it.
func readable(name string) string {
	parts := strings.Split(name, ".")
	for i, part := range parts {
		plain := part != "" && (part[0] < '0' || part[0] > '9') && !strings.ContainsFunc(part, func(r rune) bool {
			return r != '_' && r != '…' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
		})
		if !plain && part != "" {
			parts[i] = sqltext.Ident(part)
		}
	}
	return strings.Join(parts, ".")
}
