package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/retorttest/proxy"
)

// crashes loses answers to COMMIT because the server is killed there, and counts
// wrong verdicts: it is restarted in between, or, as the last of fifty, its
// synchronous standby takes over.
func crashes(ctx context.Context, env *Env, n int, open func(context.Context, string) (*committer, error)) (found verdicts, err error) {
	promotions := max(1, n/50)
	if found, err = restarted(ctx, env, n-promotions, open); err != nil {
		return found, err
	}
	for range promotions {
		one, err := promoted(ctx, env, open)
		if err != nil {
			return found, err
		}
		found.add(one)
	}
	return found, nil
}

// restarted kills one server, again and again.
func restarted(ctx context.Context, env *Env, n int, open func(context.Context, string) (*committer, error)) (found verdicts, err error) {
	srv, err := localpg.Start(ctx, localpg.Config{Settings: map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on",
	}})
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, srv.Stop(context.WithoutCancel(ctx))) }()
	url := srv.URL("postgres")
	if err := createAll(ctx, url, effectsBase()); err != nil {
		return found, err
	}
	p, err := env.Proxy(url)
	if err != nil {
		return found, err
	}
	defer p.Close()
	c, err := open(ctx, p.URL())
	if err != nil {
		return found, err
	}
	defer c.end()
	draw := env.rand(3, 1)
	for i := range n {
		d := &crash{
			p: p, kill: func() error { return errors.Join(killChildren(srv.PID()), srv.Kill()) }, place: i % 3, write: c.writes[i/3%len(c.writes)],
			lull: time.Duration(draw.IntN(2000)) * time.Microsecond, truth: srv,
			revive: func(ctx context.Context) error {
				// Unrelated work takes the transaction ids that the crash has freed.
				return errors.Join(srv.Restart(ctx), unrelated(ctx, url))
			},
		}
		if err := d.run(ctx, c, fmt.Sprint("crash ", i), &found); err != nil {
			return found, err
		}
		env.Say("3: crash %d of %d: %s", i+1, n, found)
	}
	return found, nil
}

func unrelated(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for i := 0; i < 5 && err == nil; i++ {
		_, err = conn.Exec(ctx, "INSERT INTO effects (try) VALUES ('unrelated')")
	}
	return err
}

// promoted kills a primary and has its synchronous standby take over.
func promoted(ctx context.Context, env *Env, open func(context.Context, string) (*committer, error)) (found verdicts, err error) {
	drill, err := newFailoverDrill(ctx, env, true)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, drill.stop(ctx)) }()
	if err := createAll(ctx, drill.primary.URL("postgres"), effectsBase()); err != nil {
		return found, err
	}
	c, err := open(ctx, drill.address.URL())
	if err != nil {
		return found, err
	}
	defer c.end()
	d := &crash{
		p: drill.address, kill: func() error { return errors.Join(killChildren(drill.primary.PID()), drill.primary.Kill()) },
		lull: time.Millisecond, place: env.rand(3, 2).IntN(3), write: c.writes[0], truth: drill.standby,
		revive: func(ctx context.Context) error {
			err := drill.standby.Promote(ctx)
			drill.address.Redirect(drill.standby.URL("postgres"))
			return err
		},
	}
	err = d.run(ctx, c, "failover", &found)
	env.Say("3: failover: %s", found)
	return found, err
}

// crash is one lost COMMIT with a server that dies.
type crash struct {
	p      *proxy.Proxy
	write  effect
	place  int
	lull   time.Duration
	kill   func() error
	revive func(context.Context) error
	truth  *localpg.Server // where the rows are afterwards
}

func (d *crash) run(ctx context.Context, c *committer, name string, found *verdicts) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := d.write(ctx, "warm"); err != nil {
		return fmt.Errorf("before the crash: %w", err)
	}
	killed := make(chan error, 1)
	var once atomic.Bool
	at := func(match func(proxy.Message) bool, kill func()) func(proxy.Message) bool {
		return func(m proxy.Message) bool {
			if !match(m) || !once.CompareAndSwap(false, true) {
				return false
			}
			kill()
			return true
		}
	}
	now := func() { killed <- d.kill() }
	var rule *proxy.Rule
	switch d.place {
	case 0: // it is committed, and the server dies before it can say so
		rule = d.p.CutBefore(at(proxy.CommitReply, now))
	case 2: // it dies somewhere in COMMIT
		rule = d.p.Before(at(proxy.Sent("commit"), func() {
			go func() {
				_ = pause(ctx, d.lull)
				now()
			}()
		}), func(proxy.Message) {})
	default: // COMMIT never arrives
		rule = d.p.CutBefore(at(proxy.Commits, now))
	}
	told := make(chan error, 1)
	go func() { told <- d.write(ctx, name) }()
	var err error
	select {
	case err = <-killed:
	case <-ctx.Done():
		err = fmt.Errorf("%s: nothing was cut: %w", name, ctx.Err())
	}
	rule.Times(0)
	if err == nil {
		err = d.revive(ctx)
	}
	what := c.judge(<-told)
	if err != nil {
		return err
	}
	rows, err := d.count(ctx, name)
	found.note(what, rows)
	return err
}

func (d *crash) count(ctx context.Context, name string) (rows int, err error) {
	conn, err := pgx.Connect(ctx, d.truth.URL("postgres"))
	if err != nil {
		return 0, err
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, "SELECT count(*) FROM effects WHERE try = $1", name).Scan(&rows)
	return rows, err
}
