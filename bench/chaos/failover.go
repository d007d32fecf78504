package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/retorttest/proxy"
)

// failoverWithin is when the first write must be through, after the address leads
// to the new primary.
const failoverWithin = time.Second

// failoverPatience is when the drill gives a writer up.
const failoverPatience = 5 * time.Second

// Failover counts acknowledged commits that the new primary does not have, and
// failovers after which nothing was written for a second. The primary is killed
// under 8 writers, comes back as a standby on the old address, where connections
// are kept, and only then the address leads to the standby that was promoted.
//
// Its standby is synchronous. The control's is asynchronous, and away while the
// last commits are acknowledged.
func Failover(ctx context.Context, env *Env, rounds int) (line Line, err error) {
	line = Line{
		Number: 10, RedFrom: 1, Timed: true, Target: fmt.Sprintf("0 lost; first write within %s; 0 from the old primary", failoverWithin),
		What:      fmt.Sprintf("commits lost by %d failovers under %d writers, and failovers without a write for %s", rounds, writers, failoverWithin),
		ControlIs: "Retort, an asynchronous standby that was away",
	}
	lost, err := failOver(ctx, env, rounds, true, openRetortWriter, &line.Retort)
	if err != nil {
		return line, err
	}
	if lost > 0 {
		line.Broken = append(line.Broken, fmt.Sprintf("%d acknowledged commits are lost, or commits that were reported as not done are stored", lost))
	}
	if _, err = failOver(ctx, env, rounds, true, openPgxpoolWriter, &line.Pgxpool); err != nil {
		return line, err
	}
	_, err = failOver(ctx, env, 1, false, openRetortWriter, &line.Control)
	return line, err
}

func failOver(ctx context.Context, env *Env, rounds int, synchronous bool, open openWriter, into *Side) (lost int, err error) {
	var longest time.Duration
	late := 0
	for range rounds {
		d, err := newFailoverDrill(ctx, env, synchronous)
		if err != nil {
			return lost, err
		}
		one, first, wrong, err := d.run(ctx, open)
		if err = errors.Join(err, d.stop(ctx)); err != nil {
			return lost, err
		}
		if longest = max(longest, first); first > failoverWithin {
			late++
		}
		into.Of += one.Of
		into.Bad += one.Bad
		into.Note = one.Note
		lost += one.Bad + wrong
		env.Say("10: first write after %s; %s", first.Round(time.Millisecond), one)
	}
	into.Bad += late
	when := "first write after " + longest.Round(time.Millisecond).String() + " at most"
	if longest >= failoverPatience {
		when = fmt.Sprintf("no write for %s, and then given up", failoverPatience)
	}
	into.Note = notes(when, into.Note)
	return lost, nil
}

// failoverDrill is a primary, its standby and the address that clients know.
type failoverDrill struct {
	*Env
	primary, standby *localpg.Server
	address          *proxy.Proxy
	synchronous      bool
}

func newFailoverDrill(ctx context.Context, env *Env, synchronous bool) (d *failoverDrill, err error) {
	d = &failoverDrill{Env: env, synchronous: synchronous}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.stop(ctx))
		}
	}()
	if d.primary, err = localpg.Start(ctx, localpg.Config{}); err != nil {
		return d, err
	}
	if err = createAll(ctx, d.primary.URL("postgres"), entriesBase()); err != nil {
		return d, err
	}
	if d.standby, err = d.primary.Standby(ctx, localpg.Config{}); err != nil {
		return d, err
	}
	if synchronous {
		if err = d.wait(ctx); err != nil {
			return d, err
		}
	}
	d.address, err = env.Proxy(d.primary.URL("postgres"))
	return d, err
}

// wait has the primary's commits wait for the standby from now on.
func (d *failoverDrill) wait(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, d.primary.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, sql := range []string{"ALTER SYSTEM SET synchronous_standby_names = 'standby'", "SELECT pg_reload_conf()"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	ok, err := eventually(ctx, time.Minute, func() (sync bool, err error) {
		err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')").Scan(&sync)
		return sync, err
	})
	if err == nil && !ok {
		err = errors.New("the standby is not synchronous")
	}
	return err
}

func (d *failoverDrill) stop(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	var err error
	if d.address != nil {
		d.address.Close()
	}
	for _, s := range []*localpg.Server{d.standby, d.primary} {
		if s != nil {
			_ = s.Kill() // a shutdown would wait for the other one
			err = errors.Join(err, s.Stop(ctx))
		}
	}
	return err
}

// run is one failover under one kind of writer. Wrong are commits that were
// reported as not done and are stored.
func (d *failoverDrill) run(ctx context.Context, open openWriter) (found Side, first time.Duration, wrong int, err error) {
	write, end, err := open(ctx, d.address.URL())
	if err != nil {
		return found, 0, 0, err
	}
	defer end()
	var (
		books [writers]ledger
		acks  atomic.Int64
		stop  = make(chan struct{})
		work  sync.WaitGroup
	)
	for i := range books {
		work.Go(func() { books[i].keep(ctx, write, &acks, stop) })
	}
	first, err = d.fail(ctx, &acks)
	close(stop)
	work.Wait()
	all := &ledger{}
	for i := range books {
		all.add(&books[i])
	}
	if err == nil {
		found, wrong, err = all.check(ctx, d.standby.URL("postgres"))
	}
	return found, first, wrong, err
}

// fail makes the failover, and returns how long after it the first commit was
// acknowledged.
func (d *failoverDrill) fail(ctx context.Context, acks *atomic.Int64) (time.Duration, error) {
	more := func(n int64, limit time.Duration) error {
		before := acks.Load()
		ok, err := eventually(ctx, limit, func() (bool, error) { return acks.Load() >= before+n, nil })
		if err == nil && !ok {
			err = errors.New("the writers do not get through")
		}
		return err
	}
	err := more(20*writers, 30*time.Second)
	switch {
	case err != nil:
	case d.synchronous:
		if err = killServer(d.primary); err == nil {
			err = d.primary.Demote(ctx)
		}
		if err == nil { // everybody has found the old address again
			err = pause(ctx, failoverWithin)
		}
	default:
		if err = d.standby.Kill(); err == nil {
			err = more(20*writers, 30*time.Second)
		}
		if err == nil { // a primary that came back would hand on what the standby missed
			err = errors.Join(killServer(d.primary), d.standby.Restart(ctx))
		}
	}
	if err == nil {
		err = d.standby.Promote(ctx)
	}
	if err != nil {
		return 0, err
	}
	before := acks.Load()
	d.address.Redirect(d.standby.URL("postgres"))
	begun := time.Now()
	_, err = eventually(ctx, failoverPatience, func() (bool, error) { return acks.Load() > before, nil })
	return time.Since(begun), err
}
