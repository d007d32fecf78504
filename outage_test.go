package retort_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/pool"
)

// TestDemotedPrimary has connections to an old primary that is a standby now, and a
// name that leads to the new one: the first write that is refused has all of them
// replaced, and reads alone would never have noticed.
func TestDemotedPrimary(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	old := serverWith(t, nil)
	admin(t, old, "CREATE TABLE t (n int)")
	next, err := old.Standby(ctx, localpg.Config{})
	must(t, err)
	t.Cleanup(func() { must(t, next.Stop(context.Background())) })
	must(t, old.Kill())
	must(t, next.Promote(ctx))
	must(t, old.Demote(ctx))

	var address atomic.Pointer[string]
	point := func(s *localpg.Server) {
		a := net.JoinHostPort("127.0.0.1", fmt.Sprint(s.Port()))
		address.Store(&a)
	}
	point(old)
	eng := open(t, retort.Config{URL: "postgres://retort@db.example.invalid/postgres?sslmode=disable"})
	retort.LookUpBy(eng, func(context.Context, string) ([]string, error) { return []string{*address.Load()}, nil })
	port := func() string {
		got, err := ask(ctx, eng, "SHOW port")
		must(t, err)
		return got
	}
	warmPool(t, eng, 3)
	point(next)
	if got := port(); got != fmt.Sprint(old.Port()) {
		t.Fatalf("a read went to port %s: the connections to the old primary are gone before anything was written", got)
	}
	write := func() error {
		_, err := retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int64, error) {
			return s.Exec(ctx, "INSERT INTO t VALUES (1)")
		})
		return err
	}
	if err := write(); pgerr.KindOf(err) != pgerr.ReadOnly {
		t.Fatalf("the old primary says %v", err)
	}
	if s := eng.Stats(); s.Idle != 0 {
		t.Errorf("%d connections to the old primary are kept", s.Idle)
	}
	must(t, write())
	if got := port(); got != fmt.Sprint(next.Port()) {
		t.Errorf("connected to port %s, want %d", got, next.Port())
	}
}

// TestReadOnlyTransaction that is asked to write costs no connection: the same
// SQLSTATE, another meaning.
func TestReadOnlyTransaction(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := b.session(t, retort.TxOptions{ReadOnly: true})
	_, err := s.Exec(t.Context(), "CREATE TABLE no (n int)")
	if pgerr.KindOf(err) != pgerr.ReadOnly {
		t.Fatal(err)
	}
	must(t, s.Close(t.Context()))
	b.idle(t)
	if got := b.Engine.Stats().Closed; got != (pool.Closed{}) {
		t.Errorf("closed %+v", got)
	}
}

// TestLostConnection condemns those that are as old, since what one has lost, such
// as a server, the others have lost too.
func TestLostConnection(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *retort.Config) { c.PoolSize = 3 })
	warmPool(t, b.Engine, 3)
	s := b.session(t)
	_, err := s.Exec(t.Context(), "SELECT 1")
	must(t, err)
	b.Proxy.ResetConnections()
	if _, err := s.Exec(t.Context(), "SELECT 1"); pgerr.KindOf(err) != pgerr.Connection {
		t.Fatalf("got %v", err)
	}
	if got := b.Engine.Stats(); got.Idle != 0 || got.Closed.Invalidated != 2 {
		t.Errorf("have %+v", got)
	}
	must(t, b.Engine.Ping(t.Context()))
}

// warmPool has n connections open and idle.
func warmPool(t *testing.T, eng *retort.Engine, n int) {
	t.Helper()
	var sessions []*retort.Session
	for range n {
		s := eng.SessionWith(retort.TxOptions{Isolation: retort.RepeatableRead})
		_, err := retort.SQL[string]("SELECT 'warm'").ReadOnly().One(t.Context(), s)
		must(t, err)
		sessions = append(sessions, s)
	}
	for _, s := range sessions {
		must(t, s.Close(t.Context()))
	}
	waitFor(t, "warm connections are idle", func() bool { return eng.Stats().Idle == n })
}

func admin(t *testing.T, s *localpg.Server, sql ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.URL("postgres"))
	must(t, err)
	defer conn.Close(t.Context())
	for _, text := range sql {
		_, err := conn.Exec(t.Context(), text)
		must(t, err)
	}
}

func TestPrePingAsksForTheRole(t *testing.T) {
	t.Parallel()
	server := serverWith(t, nil)
	for attrs, fits := range map[string]bool{"read-write": false, "any": true, "prefer-standby": true, "primary": true} {
		eng := open(t, retort.Config{URL: server.URL("postgres") + "&target_session_attrs=" + attrs, PrePing: true, PoolSize: 1}) // no other while SHOW is reset
		must(t, retort.PingRole(t.Context(), eng))
		admin(t, server, "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()")
		waitFor(t, "the setting has arrived", func() bool {
			got, err := ask(t.Context(), eng, "SHOW default_transaction_read_only")
			must(t, err)
			return got == "on"
		})
		if err := retort.PingRole(t.Context(), eng); (err == nil) != fits {
			t.Errorf("%s: got %v", attrs, err)
		}
		admin(t, server, "ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()")
	}
}

func TestOutageTimeout(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *retort.Config) { c.OutageTimeout = time.Minute; c.PoolTimeout = time.Minute })
	impatient := open(t, retort.Config{URL: b.Proxy.URL()})
	b.Proxy.RefuseConnections(true)
	if err := impatient.Ping(t.Context()); pgerr.KindOf(err) != pgerr.Connection {
		t.Errorf("without it: %v", err)
	}
	var failed atomic.Int64
	var callers sync.WaitGroup
	for range 20 {
		callers.Go(func() {
			if err := b.Engine.Ping(t.Context()); err != nil {
				failed.Add(1)
			}
		})
	}
	waitFor(t, "the first ones and several after them have failed", func() bool { return b.Engine.Stats().OpenFailed >= 20 })
	if got := b.Engine.Stats().Opening; got > 1 {
		t.Errorf("%d attempts at once", got)
	}
	b.Proxy.RefuseConnections(false)
	callers.Wait()
	if failed.Load() != 0 {
		t.Errorf("%d of 20 callers failed", failed.Load())
	}
}

func TestHeldConnections(t *testing.T) {
	t.Parallel()
	log := &lockedBuffer{}
	b := newBench(t, func(c *retort.Config) {
		c.PoolSize, c.PoolTimeout, c.HeldLimit, c.Logger = 1, 300*time.Millisecond, 50*time.Millisecond, slog.New(slog.NewTextHandler(log, nil))
	})
	ctx := retort.WithLabels(t.Context(), retort.Labels{Route: "GET /slow"})
	holder := b.session(t)
	_, err := holder.Exec(ctx, "SELECT 1")
	must(t, err)
	_, err = b.session(t).Exec(t.Context(), "SELECT 1")
	timeout, ok := errors.AsType[*pool.TimeoutError](err)
	if !ok || len(timeout.Holders) != 1 || timeout.Holders[0].Name != "GET /slow" || !strings.Contains(err.Error(), "held by GET /slow 1") {
		t.Errorf("got %v", err)
	}
	if got := b.Engine.Stats().Holders; len(got) != 1 || got[0].Name != "GET /slow" || got[0].Count != 1 {
		t.Errorf("holders %+v", got)
	}
	waitFor(t, "the warning is logged", func() bool { return strings.Contains(log.String(), "held for long") })
	for _, want := range []string{`route="GET /slow"`, "TestHeldConnections", "outage_test.go:"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in %s", want, log.String())
		}
	}
	must(t, holder.Close(ctx))
}
