package cli

import (
	"fmt"
	"slices"

	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/migrate/drift"
)

func (a *app) checkCmd() *command {
	cmd := a.command("check", "Say whether files, database and models agree", `
For CI: the exit code is 3 when something is found, each with the command that
mends it. --files looks at the files alone and needs no database. Changes
nothing; models and files are built in scratch databases, on a server on this
machine unless the program names another.`, func(c *call) (answer, error) {
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
	cmd.Flags().String("against", "", "the manifest of the deployed release, whose statements must live with this schema")
	cmd.Flags().Bool("no-drift", false, "do not compare models, files and database")
	return cmd
}

// checked is what check found.
type checked struct {
	OK       bool      `json:"ok"`
	Looked   []string  `json:"looked"` // at what
	Problems []trouble `json:"problems"`
	Notes    []trouble `json:"notes,omitempty"` // worth a look, and no reason to fail
}

// trouble is one thing that is not as it should be.
type trouble struct {
	About string `json:"about"` // files, heads, lint, ledger, pending, models, drift or release
	Text  string `json:"text"`
	Next  string `json:"next,omitempty"`
}

func (s checked) text(p *page) {
	for _, t := range s.Problems {
		p.line("%s  %s", p.paint(bad, fmt.Sprintf("%-7s", t.About)), t.Text)
	}
	for _, t := range s.Notes {
		p.line("%s  %s", p.paint(notice, fmt.Sprintf("%-7s", t.About)), t.Text)
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
		said.add("heads", err, advice(err, c.next)[0])
	}
	if c.on("files") || c.cfg.Open == nil {
		c.checkLint(said, h, h.Revisions(), func(r *migrate.Revision) []lintItem { return lintOf(r, c.cfg.Lint) })
		return nil
	}
	pending, err := c.checkLedger(said)
	if err != nil {
		return err
	}
	look, err := c.lintPending(pending, c.cfg.Lint)
	if err != nil {
		return err
	}
	c.checkLint(said, h, pending, look)
	if c.cfg.Base != nil && !c.on("no-drift") {
		if err := c.checkDrift(said, h); err != nil {
			return err
		}
	}
	if name := c.value("against"); name != "" {
		return c.checkAgainst(said, name)
	}
	return nil
}

// checkLint looks at revisions that wait to be run, or at all of them where no
// database tells which.
func (c *call) checkLint(said *checked, h *migrate.History, revisions []*migrate.Revision, look func(*migrate.Revision) []lintItem) {
	if c.cfg.LintSince != "" {
		if since, err := h.Find(c.cfg.LintSince); err == nil {
			before := h.Ancestors(since.ID)
			revisions = slices.DeleteFunc(slices.Clone(revisions), func(r *migrate.Revision) bool { return slices.Contains(before, r) })
		}
	}
	said.Looked = append(said.Looked, "lint")
	for _, r := range revisions {
		for _, f := range look(r) {
			if f.open() {
				said.Problems = append(said.Problems, trouble{"lint", f.place() + ": " + f.Severity + " " + f.Rule + ": " + f.Text, c.next("lint " + r.ID)})
			}
		}
	}
}

// checkLedger compares files and ledger, and gives the revisions that are pending.
func (c *call) checkLedger(said *checked) (pending []*migrate.Revision, err error) {
	r, err := c.runner(nil)
	if err != nil {
		return nil, err
	}
	st, err := r.Status(c.ctx())
	if err != nil {
		return nil, err
	}
	said.Looked = append(said.Looked, "ledger")
	for _, problem := range st.Problems {
		next := ""
		if all := advice(problem, c.next); len(all) > 0 {
			next = all[0]
		}
		said.add("ledger", problem, next)
	}
	if len(st.Pending) > 0 {
		said.add("pending", &migrate.PendingError{Revisions: st.Pending}, c.next("upgrade"))
	}
	return st.Pending, nil
}

// checkDrift compares models, files and database, pair by pair.
func (c *call) checkDrift(said *checked, h *migrate.History) error {
	eng, err := c.open()
	if err != nil {
		return err
	}
	if len(h.Revisions()) == 0 {
		h = nil // nothing is written down yet, so only models and database are compared
	}
	report, err := drift.Check(c.ctx(), eng, c.cfg.Base, h, drift.Config{Config: c.cfg.Autogenerate, Run: c.cfg.Migrate})
	if err != nil {
		return err
	}
	said.Looked = append(said.Looked, "models", "database")
	told := map[string]bool{}
	add := func(about, why, next string, differences []autogenerate.Difference) {
		for _, d := range differences {
			if text := d.String(); !told[text] {
				told[text] = true
				said.Problems = append(said.Problems, trouble{about, text + " (" + why + ")", next})
			}
		}
	}
	revise := c.next(`revision --autogenerate -m "…"`)
	add("models", "no revision does it", revise, report.ModelsFiles)
	add("drift", "the database was changed by hand", revise, report.FilesDatabase)
	if len(report.Pending) == 0 && report.Unfinished == nil { // else they explain it
		add("models", "the database differs", revise, report.ModelsDatabase)
	}
	return nil
}

// apart takes joined errors apart.
func apart(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
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
