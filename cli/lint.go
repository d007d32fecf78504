package cli

import (
	"fmt"
	"slices"

	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/lint"
)

func (a *app) lintCmd() *command {
	cmd := a.command("lint [revisions...]", "Find what hurts in revisions before they run", `
Locks that keep others waiting, tables written anew, rows lost, and what breaks
the release that still runs. A finding is answered by a comment before its
statement: -- lint:ignore RULE: reason. Without names all revisions are looked
at. With --database the types that columns have now tell which changes of a type
copy the table, in revisions that are not applied yet. The exit code is 3 when a
finding is left open.`, func(c *call) (answer, error) {
		h, err := c.history()
		if err != nil {
			return nil, err
		}
		revisions, err := c.named(h)
		if err != nil {
			return nil, err
		}
		opts := c.cfg.Lint
		opts.Advice = opts.Advice || c.on("advice")
		for _, id := range c.values("off") {
			if !slices.ContainsFunc(lint.Rules(), func(r lint.Rule) bool { return r.ID == id }) {
				return nil, misuse("--off %s: there is no such rule; docs/guides/lint.md lists them", id)
			}
			opts.Off = append(opts.Off, id)
		}
		if v, err := c.cmd.Flags().GetInt("server"); err == nil && v != 0 {
			opts.Version = v
		}
		look := func(r *migrate.Revision) []lintItem { return lintOf(r, opts) }
		if c.on("database") {
			if look, err = c.lintLive(h, opts); err != nil {
				return nil, err
			}
		}
		said := linted{Findings: []lintItem{}, Revisions: len(revisions), all: c.on("all")}
		for _, r := range revisions {
			said.Findings = append(said.Findings, look(r)...)
		}
		for i := range said.Findings {
			if said.Findings[i].open() {
				said.Open++
			}
		}
		if said.OK = said.Open == 0; !said.OK {
			return said, found()
		}
		return said, nil
	})
	cmd.Flags().StringP("range", "r", "", "only these revisions, as FROM:TO")
	cmd.Flags().Bool("all", false, "show answered findings, too")
	cmd.Flags().Bool("advice", false, "show findings that are advice, too")
	cmd.Flags().StringSlice("off", nil, "rules that are not run")
	cmd.Flags().Int("server", 0, "the server's major version (default 18, with --database what it is)")
	cmd.Flags().Bool("database", false, "ask the database for the types of columns")
	return cmd
}

// named gives the revisions of the arguments, or of --range.
func (c *call) named(h *migrate.History) ([]*migrate.Revision, error) {
	if len(c.args) == 0 {
		return between(h, c.value("range"))
	}
	var all []*migrate.Revision
	for _, name := range c.args {
		r, err := h.Find(name)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// linted is what lint found.
type linted struct {
	OK        bool       `json:"ok"`
	Revisions int        `json:"revisions"`
	Open      int        `json:"open"`
	Findings  []lintItem `json:"findings"`
	all       bool
}

// lintItem is one finding.
type lintItem struct {
	Revision string `json:"revision"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line"`
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Table    string `json:"table,omitempty"`
	Lock     string `json:"lock,omitempty"`
	Text     string `json:"text"`
	Instead  string `json:"instead,omitempty"`
	Reason   string `json:"reason,omitempty"` // why it was left so
}

// open reports whether the finding makes lint fail.
func (i *lintItem) open() bool { return i.Reason == "" && i.Severity != lint.Advice.String() }

func lintOf(r *migrate.Revision, opts lint.Options) []lintItem {
	var all []lintItem
	for _, f := range lint.Check(r.Up, opts) {
		all = append(all, lintItem{
			Revision: r.ID, File: r.File, Line: f.Line, Rule: f.Rule, Severity: f.Severity.String(), Table: f.Table,
			Lock: f.Lock.String(), Text: f.Text, Instead: f.Instead, Reason: f.Reason,
		})
	}
	return all
}

func (l linted) text(p *page) {
	for i := range l.Findings {
		f := &l.Findings[i]
		if f.Reason != "" && !l.all {
			continue
		}
		color := notice
		switch {
		case f.Reason != "":
			color = faint
		case f.Severity == lint.Danger.String():
			color = bad
		}
		p.line("%s: %s: %s", f.place(), p.paint(color, f.Severity+" "+f.Rule), f.Text)
		switch {
		case f.Reason != "":
			p.line("  left so: %s", f.Reason)
		case f.Instead != "":
			p.line("  instead: %s", f.Instead)
		}
	}
	if l.OK {
		p.line("%s %s, nothing left open", p.paint(good, "all good:"), count(l.Revisions, "revision"))
	}
}

// place is where a finding is, as editors understand it.
func (i *lintItem) place() string {
	file := i.File
	if file == "" {
		file = i.Revision
	}
	return fmt.Sprintf("%s:%d", file, i.Line)
}

// count is a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "one " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
