package cli

import (
	"fmt"

	"github.com/retort-go/retort/doctor"
	"github.com/retort-go/retort/migrate"
)

// ledgerFindings judges files, ledger and lock, where there are files.
func (c *call) ledgerFindings() ([]doctor.Finding, error) {
	h, err := c.history()
	if err != nil {
		if ExitCode(err) == Misused {
			return []doctor.Finding{finding(doctor.Note, "revisions", err.Error(), c.next("init"))}, nil
		}
		return []doctor.Finding{finding(doctor.Wrong, "revisions", err.Error(), c.next("check --files"))}, nil
	}
	var all []doctor.Finding
	if heads := h.Heads(); len(heads) > 1 {
		err := &migrate.HeadsError{Heads: heads}
		all = append(all, finding(doctor.Wrong, "revisions", err.Error(), advice(err, c.next)[0]))
	}
	r, err := c.runner(nil)
	if is[*migrate.ConnectionsError](err) {
		return append(all, finding(doctor.Wrong, "ledger", err.Error(), "")), nil
	}
	if err != nil {
		return nil, err
	}
	st, err := r.Status(c.ctx())
	if err != nil {
		return append(all, finding(doctor.Wrong, "ledger", err.Error(), "")), nil //nolint:nilerr // it is what was found
	}
	ledger := finding(doctor.OK, "ledger", fmt.Sprintf("%s: %s applied, %d pending", st.Ledger, count(len(st.Records), "revision"), len(st.Pending)), "")
	if !st.Exists {
		ledger.Text = st.Ledger + " is not there yet; the first upgrade makes it"
	}
	if len(st.Pending) > 0 {
		ledger.State, ledger.Do = doctor.Note, c.next("upgrade")
	}
	all = append(all, ledger)
	for _, problem := range st.Problems {
		f := finding(doctor.Wrong, "ledger", problem.Error(), "")
		if next := advice(problem, c.next); len(next) > 0 {
			f.Do = next[0]
		}
		all = append(all, f)
	}
	return append(all, lockFinding(st.Holder)), nil
}

// lockFinding judges who has the runner's lock.
func lockFinding(h *migrate.Holder) doctor.Finding {
	switch {
	case h == nil:
		return finding(doctor.OK, "lock", "nobody runs an upgrade", "")
	case h.Expired:
		return finding(doctor.OK, "lock", fmt.Sprintf("%s left it behind, and it has run out: the next run takes it", h.Name), "")
	}
	return finding(doctor.Note, "lock", fmt.Sprintf("%s runs an upgrade, server process %d, since %s", h.Name, h.PID, short(h.Since)), "wait for it")
}
