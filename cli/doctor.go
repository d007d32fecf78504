package cli

import (
	"github.com/retort-go/retort/doctor"
)

// doctorCmd looks at what a service and an upgrade will meet.
func (a *app) doctorCmd() *command {
	cmd := a.command("doctor", "Look at the server, the role, limits and what would block an upgrade", `
Reads only. Exit code 3 when something is wrong; what is only worth knowing
is shown and counts as right. With --pods it holds the connections of that many
processes against what the server has.`, func(c *call) (answer, error) {
		pods, err := c.cmd.Flags().GetInt("pods")
		if err != nil || pods < 1 {
			return nil, misuse("--pods is how many processes use the database: 1 or more")
		}
		eng, err := c.open()
		if err != nil {
			return nil, err
		}
		report, err := doctor.Examine(c.ctx(), eng, doctor.Options{Pods: pods})
		if err != nil {
			return nil, err
		}
		ledger, err := c.ledgerFindings()
		if err != nil {
			return nil, err
		}
		said := diagnosis{doctor.Of(append(report.Findings, ledger...))}
		if !said.OK {
			err = found()
		}
		return said, err
	})
	cmd.Flags().Int("pods", 1, "how many processes of the service run")
	return cmd
}

// diagnosis is what doctor found.
type diagnosis struct{ doctor.Report }

func (d diagnosis) text(p *page) {
	for _, f := range d.Findings {
		mark := p.paint(good, "ok   ")
		switch f.State {
		case doctor.Note:
			mark = p.paint(notice, "note ")
		case doctor.Wrong:
			mark = p.paint(bad, "wrong")
		}
		p.line("%s  %-11s  %s", mark, f.About, f.Text)
		if f.Do != "" {
			p.line("%s  %-11s  %s", "     ", "", p.paint(faint, "→ "+f.Do))
		}
	}
}

func finding(state doctor.State, about, text, do string) doctor.Finding {
	return doctor.Finding{State: state, About: about, Text: text, Do: do}
}
