package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/retorttest/proxy"
)

// shaken is a database on a server of its own, behind a proxy, to which everything
// happens that is in the book: to connections all the time, to the server now and
// then.
type shaken struct {
	*database
	srv *localpg.Server
	p   *proxy.Proxy

	// Cuts around COMMIT, each armed when its time comes: a new rule for each would
	// make every message look at all of them.
	lostAnswer, cutBehind, lostCommit *proxy.Rule

	mu   sync.Mutex     // guards what follows
	made map[string]int // faults by kind
}

// newShaken starts a server whose commits wait for the disk, and makes a database
// on it.
//
//   - Cleanup: stop.
func newShaken(ctx context.Context, env *Env, sql ...string) (s *shaken, err error) {
	srv, err := localpg.Start(ctx, localpg.Config{Settings: map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on",
	}})
	if err != nil {
		return nil, err
	}
	s = &shaken{srv: srv, made: map[string]int{}}
	own := *env
	own.Server = srv
	if s.database, err = own.database(ctx, retort.NewBase(), sql...); err == nil {
		s.p, err = env.Proxy(s.url)
	}
	if err != nil {
		return nil, errors.Join(err, srv.Stop(context.WithoutCancel(ctx)))
	}
	s.lostAnswer = s.p.CutBefore(proxy.CommitReply).Times(0)
	s.cutBehind = s.p.CutAfter(proxy.Sent("commit")).Times(0)
	s.lostCommit = s.p.CutBefore(proxy.Runs("commit")).Times(0)
	return s, nil
}

// stop ends the proxy and the server, with all that is in it.
func (s *shaken) stop(ctx context.Context) error {
	s.p.Close()
	return s.srv.Stop(context.WithoutCancel(ctx))
}

// String says how often which fault came, those of connections together.
func (s *shaken) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	links, ways := 0, 0
	for kind, n := range s.made {
		switch kind {
		case killedAll, killedOne, shutDown:
		default:
			links, ways = links+n, ways+1
		}
	}
	return fmt.Sprintf("%d faults of connections in %d ways, %d %s, %d %s, %d %s",
		links, ways, s.made[killedAll], killedAll, s.made[killedOne], killedOne, s.made[shutDown], shutDown)
}

// The ends of a server.
const (
	killedAll = "kill -9 of the server"
	killedOne = "kill -9 of a backend"
	shutDown  = "shutdowns"
)

func (s *shaken) note(kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.made[kind]++
}

// shake breaks connections until told to stop, one way after the other, in the
// drawn order; and the server whenever strike has something to tell: a kill of all
// its processes, of one backend, a shutdown.
//
//   - Errors: of what must not fail, such as the server's start.
func (s *shaken) shake(ctx context.Context, draw *rand.Rand, stop <-chan struct{}, strike <-chan struct{}) error {
	kills := 0
	for {
		select {
		case <-stop:
			return nil
		case <-strike:
			if err := s.strike(ctx, kills); err != nil {
				return err
			}
			kills++
		case <-time.After(time.Duration(10+draw.IntN(70)) * time.Millisecond):
			if err := s.disturb(ctx, draw); err != nil {
				return err
			}
		}
	}
}

// disturb is one fault between client and server.
func (s *shaken) disturb(ctx context.Context, draw *rand.Rand) error {
	while := time.Duration(5+draw.IntN(60)) * time.Millisecond
	s.p.Reset() // what it has counted is of no use here, and grows
	switch draw.IntN(10) {
	case 0:
		s.note("resets")
		s.p.ResetConnections()
	case 1:
		s.note("lost answers to COMMIT")
		s.lostAnswer.Times(1)
	case 2:
		s.note("cuts behind COMMIT")
		s.cutBehind.Times(1)
	case 3:
		s.note("lost COMMITs")
		s.lostCommit.Times(1)
	case 4:
		s.note("black holes")
		s.p.BlackHole(true)
		err := pause(ctx, while)
		s.p.BlackHole(false)
		return err
	case 5:
		s.note("times of single bytes")
		s.p.Slice(1)
		err := pause(ctx, while)
		s.p.Slice(0)
		return err
	case 6:
		s.note("refusals")
		s.p.RefuseConnections(true)
		s.p.ResetConnections()
		err := pause(ctx, while)
		s.p.RefuseConnections(false)
		return err
	case 7:
		s.note("canceled statements")
		return s.tell(ctx, "SELECT pg_cancel_backend(pid)"+others+" ORDER BY random() LIMIT 2")
	default:
		s.note("terminated backends")
		return s.tell(ctx, "SELECT pg_terminate_backend(pid)"+others+" ORDER BY random() LIMIT 2")
	}
	return nil
}

// tell runs SQL that ends others.
func (s *shaken) tell(ctx context.Context, sql string) error {
	_, err := s.watch.Exec(ctx, sql)
	return err
}

// strike ends the server and has it come back: SIGKILL of all its processes, SIGKILL
// of one backend, which makes the postmaster begin anew, and a shutdown.
func (s *shaken) strike(ctx context.Context, number int) error {
	var err error
	switch number % 3 {
	case 0:
		s.note(killedAll)
		if err = killServer(s.srv); err == nil {
			err = s.srv.Restart(ctx)
		}
	case 1:
		s.note(killedOne)
		err = s.killBackend(ctx)
	default:
		s.note(shutDown)
		err = s.srv.Restart(ctx)
	}
	if err != nil {
		return err
	}
	_ = s.watch.Close(ctx)
	_, err = eventually(ctx, 30*time.Second, func() (bool, error) {
		s.watch, err = pgx.Connect(ctx, s.url)
		return err == nil, nil
	})
	return err
}

// killBackend kills one that is at work, or the watching one.
func (s *shaken) killBackend(ctx context.Context) error {
	var pid int
	err := s.watch.QueryRow(ctx, "SELECT coalesce((SELECT pid"+others+" ORDER BY state = 'active' DESC, random() LIMIT 1), pg_backend_pid())").Scan(&pid)
	if err != nil {
		return err
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	if err := process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	// The watching connection ends with all others; until then nobody can be met again.
	_, err = eventually(ctx, 30*time.Second, func() (bool, error) { return s.watch.Ping(ctx) != nil, nil })
	return err
}

// killServer ends all of a server's processes where they can be found. Left alone
// by their postmaster, backends would finish what they are at.
func killServer(srv *localpg.Server) error {
	return errors.Join(killChildren(srv.PID()), srv.Kill())
}
