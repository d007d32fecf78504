package cli

import (
	"fmt"
	"strings"

	"github.com/retort-go/retort/migrate"
)

func (a *app) planCmd() *command {
	cmd := a.command("plan [target]", "Show what an upgrade would run", targets+`+1 is one more. Without one it is head. With
--down it is shown what a downgrade would run, and -1 goes one back. Reads only.`, func(c *call) (answer, error) {
		r, err := c.runner(nil)
		if err != nil {
			return nil, err
		}
		dir, target := migrate.Up, c.target("head")
		if c.on("down") || strings.HasPrefix(target, "-") {
			dir = migrate.Down
			if target == "head" {
				target = "-1"
			}
		}
		revisions, err := r.Plan(c.ctx(), dir, target)
		if err != nil {
			return nil, err
		}
		said := planned{Direction: string(dir), Target: target, Revisions: []plannedRevision{}}
		for _, rev := range revisions {
			said.Revisions = append(said.Revisions, plannedOf(r.History(), rev, dir))
		}
		if c.on("exit-code") && len(revisions) > 0 {
			return said, found()
		}
		return said, nil
	})
	cmd.Flags().Bool("down", false, "show what a downgrade would run")
	cmd.Flags().Bool("exit-code", false, "exit code 3 when something would run")
	steps(cmd.Flags())
	return cmd
}

// planned is what a run would do.
type planned struct {
	Direction string            `json:"direction"`
	Target    string            `json:"target"`
	Revisions []plannedRevision `json:"revisions"`
}

type plannedRevision struct {
	revisionItem

	Steps []plannedStep `json:"steps"`
}

type plannedStep struct {
	SQL        string   `json:"sql,omitempty"`
	Mode       string   `json:"mode"`
	Repeatable bool     `json:"repeatable,omitempty"`
	Line       int      `json:"line,omitempty"`
	Comments   []string `json:"comments,omitempty"`
}

func plannedOf(h *migrate.History, r *migrate.Revision, dir migrate.Direction) plannedRevision {
	out := plannedRevision{revisionItem: item(h, r), Steps: []plannedStep{}}
	all := r.Up
	if dir == migrate.Down {
		all = r.Down
	}
	for i := range all {
		s := &all[i]
		step := plannedStep{SQL: s.SQL, Mode: string(s.Mode), Repeatable: s.Repeatable, Line: s.Line}
		for _, comment := range s.Comments {
			step.Comments = append(step.Comments, comment.Text)
		}
		out.Steps = append(out.Steps, step)
	}
	return out
}

func (s planned) text(p *page) {
	if len(s.Revisions) == 0 {
		p.line("nothing to do for %s", s.Target)
		return
	}
	for i := range s.Revisions {
		r := &s.Revisions[i]
		if i > 0 {
			p.line("")
		}
		p.line("%s %s", p.paint(notice, fmt.Sprintf("%s %s", s.Direction, r.ID)), r.Message)
		transaction := false
		for _, step := range r.Steps {
			together := step.Mode == string(migrate.Together)
			if (step.SQL != "" || step.Mode == string(migrate.Call)) && (!together || !transaction) {
				p.line("  %s", p.paint(faint, modes[migrate.Mode(step.Mode)]))
			}
			transaction = together && (transaction || step.SQL != "")
			for _, c := range step.Comments {
				p.line("    %s", p.paint(notice, strings.ReplaceAll(c, "\n", "\n    ")))
			}
			if step.SQL != "" {
				p.line("    %s;", strings.ReplaceAll(step.SQL, "\n", "\n    "))
			}
		}
	}
}

// modes are the ways to run a step, for people.
var modes = map[migrate.Mode]string{
	migrate.Together: "in one transaction:",
	migrate.Alone:    "in a transaction of its own:",
	migrate.Outside:  "outside of transactions:",
	migrate.Batched:  "again and again until it affects no row, each time in a transaction of its own:",
	migrate.Call:     "a function of the program:",
}
