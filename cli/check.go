package cli

import (
	"errors"
	"fmt"

	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/autogenerate"
)

func (a *app) checkCmd() *command {
	cmd := a.command("check", "Say whether files, database and models agree", `
For CI: the exit code is 3 when something is found, each with the command that
mends it. --files looks at the files alone and needs no database. Changes
nothing; for the comparison with the models, they are built on a server on this
machine.`, func(c *call) (answer, error) {
		said := checked{Problems: []trouble{}}
		err := c.check(&said)
		if err != nil {
			return nil, err
		}
		if said.OK = len(said.Problems) == 0; !said.OK {
			return said, found(said.next()...)
		}
		return said, nil
	})
	cmd.Flags().Bool("files", false, "look at the revision files alone")
	cmd.Flags().Bool("no-models", false, "do not compare the database with the models")
	return cmd
}

// checked is what check found.
type checked struct {
	OK       bool      `json:"ok"`
	Looked   []string  `json:"looked"` // at what
	Problems []trouble `json:"problems"`
}

// trouble is one thing that is not as it should be.
type trouble struct {
	About string `json:"about"` // files, heads, ledger, pending or models
	Text  string `json:"text"`
	Next  string `json:"next,omitempty"`
}

func (s checked) text(p *page) {
	for _, t := range s.Problems {
		p.line("%s  %s", p.paint(bad, fmt.Sprintf("%-7s", t.About)), t.Text)
	}
	if s.OK {
		p.line("%s %s", p.paint(good, "all good:"), list(s.Looked))
	}
}

// next are the commands that mend, each once.
func (s *checked) next() []string {
	var all []string
	seen := map[string]bool{"": true}
	for _, t := range s.Problems {
		if !seen[t.Next] {
			seen[t.Next] = true
			all = append(all, t.Next)
		}
	}
	return all
}

func (s *checked) add(about string, err error, next string) {
	s.Problems = append(s.Problems, trouble{about, err.Error(), next})
}

// check looks at everything, the cheapest first, and goes on as far as it makes sense.
func (c *call) check(said *checked) error {
	h, err := c.history()
	said.Looked = append(said.Looked, "files")
	if err != nil {
		if ExitCode(err) != Disagree {
			return err
		}
		for _, each := range apart(err) {
			said.add("files", each, "")
		}
		return nil
	}
	if heads := h.Heads(); len(heads) > 1 {
		err := &migrate.HeadsError{Heads: heads}
		said.add("heads", err, advice(err, program(c.cmd)+" ")[0])
	}
	if c.on("files") || c.cfg.Open == nil {
		return nil
	}
	pending, err := c.checkLedger(said)
	if err != nil || c.cfg.Base == nil || c.on("no-models") {
		return err
	}
	if pending {
		return nil // the difference would be what is pending
	}
	return c.checkModels(said)
}

// checkLedger compares files and ledger, and tells whether revisions are pending.
func (c *call) checkLedger(said *checked) (pending bool, err error) {
	r, err := c.runner(nil)
	if err != nil {
		return false, err
	}
	st, err := r.Status(c.ctx())
	if err != nil {
		return false, err
	}
	said.Looked = append(said.Looked, "ledger")
	for _, problem := range st.Problems {
		next := ""
		if all := advice(problem, program(c.cmd)+" "); len(all) > 0 {
			next = all[0]
		}
		said.add("ledger", problem, next)
	}
	if len(st.Pending) > 0 {
		said.add("pending", &migrate.PendingError{Revisions: st.Pending}, c.next("upgrade"))
	}
	return len(st.Pending) > 0, nil
}

// checkModels compares database and models.
func (c *call) checkModels(said *checked) error {
	eng, err := c.open()
	if err != nil {
		return err
	}
	candidate, err := autogenerate.Generate(c.ctx(), eng, c.cfg.Base, c.cfg.Autogenerate)
	if err != nil {
		return err
	}
	said.Looked = append(said.Looked, "models")
	for _, d := range candidate.Differences {
		said.add("models", errors.New(d.String()), c.next(`revision --autogenerate -m "…"`))
	}
	return nil
}

// apart takes joined errors apart.
func apart(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error }) //nolint:errorlint // the outermost alone
	if !ok {
		return []error{err}
	}
	var all []error
	for _, each := range joined.Unwrap() {
		all = append(all, apart(each)...)
	}
	return all
}

// list joins words for people.
func list(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		text := ""
		for i, w := range words[:n-1] {
			if i > 0 {
				text += ", "
			}
			text += w
		}
		return text + " and " + words[n-1]
	}
}
