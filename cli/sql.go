package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/retort-go/retort/migrate"
)

func (a *app) sqlCmd() *command {
	cmd := a.command("sql [from:to]", "Print what a run would do as a script for psql", `
For those who may not run programs on a database. Asks no database: FROM is where
it stands, base when nothing is applied. Default base:head; with --down
head:base. The script writes the ledger, too.`, func(c *call) (answer, error) {
		h, err := c.history()
		if err != nil {
			return nil, err
		}
		dir, from, to := migrate.Up, "base", "head"
		if c.on("down") {
			dir, from, to = migrate.Down, "head", "base"
		}
		if len(c.args) > 0 {
			left, right, ok := strings.Cut(c.args[0], ":")
			if !ok {
				return nil, misuse("%q has no colon: FROM:TO, such as base:head", c.args[0])
			}
			if left != "" {
				from = left
			}
			if right != "" {
				to = right
			}
		}
		if err := c.onward(h, dir, from, to); err != nil {
			return nil, err
		}
		text, err := migrate.Script(h, c.cfg.Migrate, dir, from, to)
		if err != nil {
			return nil, err
		}
		return script{string(dir), from, to, text}, nil
	})
	cmd.Flags().Bool("down", false, "print the way back")
	return cmd
}

// onward refuses a way that leads in the other direction.
func (c *call) onward(h *migrate.History, dir migrate.Direction, from, to string) error {
	before := func(one, other string) bool {
		a, errA := h.Find(one)
		b, errB := h.Find(other)
		if one == "base" {
			return errB == nil
		}
		return errA == nil && errB == nil && a != b && slices.Contains(h.Ancestors(b.ID), a) // else it is relative, and Script knows
	}
	switch way := from + ":" + to; {
	case dir == migrate.Up && before(to, from):
		return failed(Misused, fmt.Errorf("%s lies before %s; --down prints the way back", to, from), c.next("sql "+way+" --down"))
	case dir == migrate.Down && before(from, to):
		return failed(Misused, fmt.Errorf("%s lies behind %s; without --down it is the way there", to, from), c.next("sql "+way))
	}
	return nil
}

type script struct {
	Direction string `json:"direction"`
	From      string `json:"from"`
	To        string `json:"to"`
	SQL       string `json:"sql"`
}

func (s script) text(p *page) { p.line("%s", strings.TrimRight(s.SQL, "\n")) }
