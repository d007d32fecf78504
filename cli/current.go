package cli

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/retort-go/retort/migrate"
)

func (a *app) currentCmd() *command {
	cmd := a.command("current", "Say where the database stands", `
Reads only. With --check-heads the exit code is 3 unless every head is applied.`, func(c *call) (answer, error) {
		r, err := c.runner(nil)
		if err != nil {
			return nil, err
		}
		st, err := r.Status(c.ctx())
		if err != nil {
			return nil, err
		}
		said := c.standing(r.History(), st)
		if c.on("check-heads") && (len(st.Pending) > 0 || len(st.Problems) > 0) {
			return said, found(c.next("upgrade heads"))
		}
		return said, nil
	})
	cmd.Flags().Bool("check-heads", false, "exit code 3 unless every head is applied")
	return cmd
}

// standing is where a database stands.
type standing struct {
	Database string         `json:"database"`
	Ledger   string         `json:"ledger"`
	Exists   bool           `json:"ledger_exists"`
	Current  []revisionItem `json:"current"`
	Pending  []revisionItem `json:"pending"`
	Holder   *holder        `json:"holder,omitempty"`
	Problems []string       `json:"problems,omitempty"`
	others   bool           // revisions are applied that no file has
}

// holder is who has the lock.
type holder struct {
	Name    string  `json:"name"`
	PID     int     `json:"pid"`
	Seconds float64 `json:"seconds"`
	Expired bool    `json:"expired"`
}

func (*call) standing(h *migrate.History, st *migrate.Status) standing {
	said := standing{
		Database: st.Database, Ledger: st.Ledger, Exists: st.Exists,
		Current: items(h, st.Current), Pending: items(h, st.Pending),
	}
	if st.Holder != nil {
		said.Holder = &holder{st.Holder.Name, st.Holder.PID, st.Holder.Since.Seconds(), st.Holder.Expired}
	}
	for _, problem := range st.Problems {
		said.Problems = append(said.Problems, problem.Error())
		said.others = said.others || is[*migrate.UnknownRevisionsError](problem)
	}
	return said
}

func (s standing) text(p *page) {
	p.line("%s", p.paint(faint, fmt.Sprintf("database %s, ledger %s", s.Database, s.Ledger)))
	switch {
	case len(s.Current) > 0:
		p.revisionTable(s.Current)
	case !s.Exists:
		p.line("nothing was ever applied: there is no ledger")
	case s.others:
		p.line("no revision of these files is applied")
	default:
		p.line("no revision is applied")
	}
	for i := range s.Pending {
		p.line("%s %s %s", p.paint(notice, "pending"), s.Pending[i].ID, s.Pending[i].Message)
	}
	if s.Holder != nil {
		state := "runs"
		if s.Holder.Expired {
			state = "left its lock"
		}
		p.line("%s %s, server process %d, since %s", s.Holder.Name, state, s.Holder.PID, short(time.Duration(s.Holder.Seconds*float64(time.Second))))
	}
	for _, problem := range s.Problems {
		p.line("%s %s", p.paint(bad, "wrong"), problem)
	}
}

func (a *app) stampCmd() *command {
	cmd := a.command("stamp target", "Write into the ledger that the database is at a revision", `
Runs nothing. It is how a schema that was made elsewhere is adopted: what the
target follows counts as applied, everything else does not.`, func(c *call) (answer, error) {
		r, err := c.runner(nil)
		if err != nil {
			return nil, err
		}
		did, err := r.Stamp(c.ctx(), c.args[0])
		if err != nil {
			return nil, err
		}
		return stamped{Target: c.args[0], Revisions: items(r.History(), did)}, nil
	})
	limits(cmd.Flags())
	return cmd
}

type stamped struct {
	Target    string         `json:"target"`
	Revisions []revisionItem `json:"revisions"` // whose lines were written or removed
}

func (s stamped) text(p *page) {
	p.line("stamped %s: %s of the ledger changed, nothing was run", s.Target, count(len(s.Revisions), "line"))
}

func (a *app) repairCmd() *command {
	cmd := a.command("repair", "Make the ledger agree with the files", `
After a person has looked: edited files are accepted as they are, and lines of
revisions that no file has are removed by --forget. Runs no revision.`, func(c *call) (answer, error) {
		r, err := c.runner(nil)
		if err != nil {
			return nil, err
		}
		if err := c.remembered(r); err != nil {
			return nil, err
		}
		did, err := r.Repair(c.ctx(), c.values("forget")...)
		if err != nil {
			return nil, err
		}
		said := repaired{Did: append([]string{}, did...)}
		if st, err := r.Status(c.ctx()); err == nil && len(st.Problems) > 0 {
			return said, c.unmended(st.Problems)
		}
		return said, nil
	})
	cmd.Flags().StringSlice("forget", nil, "ids of applied revisions whose lines are to go")
	limits(cmd.Flags())
	return cmd
}

// remembered refuses to forget what the ledger does not have.
func (c *call) remembered(r *migrate.Runner) error {
	ids := c.values("forget")
	if len(ids) == 0 {
		return nil
	}
	st, err := r.Status(c.ctx())
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !slices.ContainsFunc(st.Records, func(rec migrate.Record) bool { return rec.ID == id }) {
			return failed(Misused, fmt.Errorf("--forget %s: the ledger has no such revision", id), c.next("current"))
		}
	}
	return nil
}

// unmended is what repair leaves to a person.
func (c *call) unmended(problems []error) error {
	err := errors.Join(problems...)
	var next []string
	if unknown, ok := errors.AsType[*migrate.UnknownRevisionsError](err); ok {
		command := "repair"
		for _, id := range unknown.IDs {
			command += " --forget " + id
		}
		next = append(next, c.next(command))
	}
	return failed(Disagree, err, next...)
}

type repaired struct {
	Did []string `json:"did"`
}

func (r repaired) text(p *page) {
	if len(r.Did) == 0 {
		p.line("nothing to repair")
	}
	for _, line := range r.Did {
		p.line("%s", line)
	}
}
