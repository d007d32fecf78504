package chaos

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/retorttest/proxy"
)

const (
	outageTime    = 5 * time.Second
	healedWithin  = time.Second
	readyWithin   = 100 * time.Millisecond
	outageCallers = 8
	sluggishPause = 3 * time.Second // the control's, between attempts
)

// nowhere is an address where nothing listens.
const nowhere = "postgres://127.0.0.1:1/nowhere"

// Outage counts returns of a database that were noticed too late: an address that
// led nowhere for 5 s, and a server that was killed and is ready again.
//
// The control is Retort under callers that wait 3 s between attempts.
func Outage(ctx context.Context, env *Env, rounds int) (Line, error) {
	line := Line{
		Number: 8, RedFrom: 1, Timed: true, Target: fmt.Sprintf("%s after an outage; %s after ready", healedWithin, readyWithin),
		What:      fmt.Sprintf("first successes that came too late, %d outages of %s and as many kill -9 of the server", rounds, outageTime),
		ControlIs: fmt.Sprintf("Retort, callers that pause for %s", sluggishPause),
	}
	drill, err := newOutageDrill(ctx, env)
	if err != nil {
		return line, err
	}
	defer func() { err = errors.Join(err, drill.stop(ctx)) }()
	if line.Retort, err = drill.run(ctx, rounds, openRetortOutage, 2*time.Millisecond); err != nil {
		return line, err
	}
	if line.Pgxpool, err = drill.run(ctx, rounds, openPgxpoolOutage, 2*time.Millisecond); err != nil {
		return line, err
	}
	line.Control, err = drill.run(ctx, 1, openRetortOutage, sluggishPause)
	return line, err
}

// outageDrill is a server of its own, which can be killed, behind a proxy.
type outageDrill struct {
	*Env
	dir string
	srv *localpg.Server
	p   *proxy.Proxy
}

func newOutageDrill(ctx context.Context, env *Env) (*outageDrill, error) {
	dir, err := os.MkdirTemp("", "retort-chaos-")
	if err != nil {
		return nil, err
	}
	d := &outageDrill{Env: env, dir: dir}
	d.srv, err = localpg.Start(ctx, localpg.Config{})
	if err == nil {
		_, base := itemsBase()
		err = createAll(ctx, d.srv.URL("postgres"), base)
	}
	if err == nil {
		d.p, err = env.Proxy(d.srv.URL("postgres"))
	}
	if err != nil {
		return nil, errors.Join(err, d.stop(ctx))
	}
	return d, nil
}

func (d *outageDrill) stop(ctx context.Context) error {
	if d.p != nil {
		d.p.Close()
	}
	err := os.RemoveAll(d.dir)
	if d.srv != nil {
		err = errors.Join(err, d.srv.Stop(context.WithoutCancel(ctx)))
	}
	return err
}

// run makes outages and kills under one kind of caller.
func (d *outageDrill) run(ctx context.Context, rounds int, open openCaller, pauseTime time.Duration) (found Side, err error) {
	c, err := open(ctx, d.p.URL(), nil)
	if err != nil {
		return found, err
	}
	defer c.end()
	var healed, ready time.Duration
	for range rounds {
		took, err := d.heals(ctx, c, pauseTime)
		if err != nil {
			return found, err
		}
		if healed = max(healed, took); took > healedWithin {
			found.Bad++
		}
		if took, err = d.revives(ctx, c, pauseTime); err != nil {
			return found, err
		}
		if ready = max(ready, took); took > readyWithin {
			found.Bad++
		}
		found.Of += 2
		d.Say("8: %d of %d, first success after %s and %s", found.Of/2, rounds, healed.Round(time.Millisecond), ready.Round(time.Millisecond))
	}
	found.Note = fmt.Sprintf("at most %s after an outage, %s after ready", healed.Round(time.Millisecond), ready.Round(time.Millisecond))
	return found, nil
}

// heals is the time from the end of an outage to the first success.
func (d *outageDrill) heals(ctx context.Context, c *caller, pauseTime time.Duration) (time.Duration, error) {
	return d.time(ctx, c, pauseTime, func() error {
		d.p.Redirect(nowhere)
		d.p.ResetConnections()
		err := pause(ctx, outageTime)
		d.p.Redirect(d.srv.URL("postgres"))
		return err
	})
}

// revives is the time from a killed server's being ready to the first success.
func (d *outageDrill) revives(ctx context.Context, c *caller, pauseTime time.Duration) (time.Duration, error) {
	return d.time(ctx, c, pauseTime, func() error {
		err := killServer(d.srv)
		if err == nil {
			err = d.srv.Restart(ctx)
		}
		return err
	})
}

// time keeps callers asking while something breaks, and takes the time from its
// return to the first success of a request that was begun during it or later.
func (d *outageDrill) time(ctx context.Context, c *caller, pauseTime time.Duration, breaks func() error) (time.Duration, error) {
	if _, err := firstSuccess(ctx, c.ask); err != nil {
		return 0, err
	}
	var (
		callers  sync.WaitGroup
		mu       sync.Mutex // guards broken and success
		broken   bool
		success  time.Time
		stop     = make(chan struct{})
		succeded = make(chan struct{})
	)
	for range outageCallers {
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				within, cancel := context.WithTimeout(ctx, 30*time.Second)
				err := c.ask(within)
				cancel()
				if err == nil {
					mu.Lock()
					if broken && success.IsZero() {
						success = time.Now()
						close(succeded)
					}
					mu.Unlock()
				}
				wait := pauseTime
				if err == nil {
					wait = 2 * time.Millisecond
				}
				_ = pause(ctx, wait)
			}
		})
	}
	err := breaks()
	mended := time.Now()
	mu.Lock()
	broken = true
	mu.Unlock()
	select {
	case <-succeded:
	case <-time.After(time.Minute):
		err = errors.Join(err, errors.New("no success within a minute"))
	case <-ctx.Done():
	}
	close(stop)
	callers.Wait()
	return success.Sub(mended), errors.Join(err, ctx.Err())
}
