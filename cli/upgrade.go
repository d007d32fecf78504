package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/retort-go/retort/migrate"
)

const targets = `
A target is head, an id or its beginning, or relative: `

func (a *app) upgradeCmd() *command {
	cmd := a.command("upgrade [target]", "Apply revisions", targets+`+1 is one more, 4f1d+2 two behind
4f1d. Without one it is head. What an earlier run began is ended first; a run
that breaks off, however that happens, is completed by the next.`, func(c *call) (answer, error) {
		target := c.target("head")
		if strings.HasPrefix(target, "-") {
			return nil, failed(Misused, fmt.Errorf("an upgrade goes forward, and %s back", target), c.next("downgrade "+target))
		}
		return c.run(migrate.Up, target)
	})
	steps(cmd.Flags())
	limits(cmd.Flags())
	return cmd
}

func (a *app) downgradeCmd() *command {
	cmd := a.command("downgrade [target]", "Undo revisions, the newest first", targets+`-1 undoes one, base all of
them; 4f1d undoes what came behind it.`, func(c *call) (answer, error) {
		target := c.target("")
		if target == "" {
			return nil, failed(Misused, fmt.Errorf("downgrade wants a target"), c.next("downgrade -1"))
		}
		return c.run(migrate.Down, target)
	})
	steps(cmd.Flags())
	limits(cmd.Flags())
	return cmd
}

// limits are the flags of what runs under the lock.
func limits(f *pflag.FlagSet) {
	f.Duration("lock-timeout", 0, "how long a step waits for the locks of its tables before it tries again (default 1s)")
	f.Duration("wait", 0, "how long to wait for another run (default 10m0s)")
}

// digits collects -1, -2 … -10, which look like flags, as a relative target.
type digits struct{ text *string }

func (d digits) String() string     { return "" }
func (d digits) Type() string       { return "digit" }
func (d digits) Set(s string) error { *d.text += s; return nil }

// steps lets relative targets such as -1 be typed.
func steps(f *pflag.FlagSet) {
	text := new(string)
	for _, digit := range strings.Split("0123456789", "") {
		flag := f.VarPF(digits{text}, "back-"+digit, digit, "")
		flag.NoOptDefVal, flag.Hidden = digit, true
	}
}

// target is the one that was typed.
func (c *call) target(otherwise string) string {
	if len(c.args) > 0 {
		return c.args[0]
	}
	if back := typedBack(c.cmd); back != "" {
		return back
	}
	return otherwise
}

// typedBack is a target such as -1, as it was typed.
func typedBack(cmd *command) string {
	if f := cmd.Flags().Lookup("back-1"); f != nil {
		if d, ok := f.Value.(digits); ok && *d.text != "" {
			return "-" + *d.text
		}
	}
	return ""
}

// runner makes the runner of a command.
func (c *call) runner(onEvent func(migrate.Event)) (*migrate.Runner, error) {
	h, err := c.history()
	if err != nil {
		return nil, err
	}
	return c.runnerOf(h, onEvent)
}

// runnerOf makes a runner of other files than those in the program.
func (c *call) runnerOf(h *migrate.History, onEvent func(migrate.Event)) (*migrate.Runner, error) {
	eng, err := c.open()
	if err != nil {
		return nil, err
	}
	opts := c.cfg.Migrate
	for name, to := range map[string]*time.Duration{"lock-timeout": &opts.LockTimeout, "wait": &opts.Wait} {
		if f := c.cmd.Flags().Lookup(name); f != nil && f.Changed {
			d, err := c.cmd.Flags().GetDuration(name)
			if err != nil || d < time.Millisecond {
				return nil, misuse("--%s %s: give a time of at least 1ms, such as 5s", name, f.Value)
			}
			*to = d
		}
	}
	if told := opts.OnEvent; onEvent != nil {
		opts.OnEvent = func(e migrate.Event) {
			onEvent(e)
			if told != nil {
				told(e)
			}
		}
	}
	return migrate.New(eng, h, opts)
}

// run is upgrade and downgrade.
func (c *call) run(dir migrate.Direction, target string) (answer, error) {
	var p *progress
	tell := func(e migrate.Event) {
		if p != nil {
			p.tell(e)
		}
	}
	r, err := c.runner(tell)
	if err != nil {
		return nil, err
	}
	plan, err := r.Plan(c.ctx(), dir, target)
	if err != nil {
		return nil, err
	}
	if !c.json {
		w := c.cmd.ErrOrStderr()
		p = watch(w, colored(w, c.getenv), len(plan))
	}
	var did []*migrate.Revision
	if dir == migrate.Up {
		did, err = r.Upgrade(c.ctx(), target)
	} else {
		did, err = r.Downgrade(c.ctx(), target)
	}
	if p != nil {
		p.stop()
	}
	if err != nil && len(did) == 0 {
		return nil, err
	}
	return ran{Direction: string(dir), Target: target, Revisions: items(r.History(), did), empty: len(r.History().Revisions()) == 0}, err
}

// ran is what a run did.
type ran struct {
	Direction string         `json:"direction"`
	Target    string         `json:"target"`
	Revisions []revisionItem `json:"revisions"`
	empty     bool           // there are no files
}

func (r ran) text(p *page) {
	n := len(r.Revisions)
	switch {
	case r.empty:
		p.line("nothing to do: there are no revisions yet")
	case n == 0 && r.Direction == string(migrate.Up):
		p.line("nothing to do: %s is applied", r.Target)
	case n == 0:
		p.line("nothing to do: nothing behind %s is applied", r.Target)
	case n == 1:
		p.line("%s one revision: %s", verb(migrate.Direction(r.Direction), true), r.Revisions[0].ID)
	default:
		p.line("%s %d revisions: %s to %s", verb(migrate.Direction(r.Direction), true), n, r.Revisions[0].ID, r.Revisions[n-1].ID)
	}
}
