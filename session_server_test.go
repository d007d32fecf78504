package retort_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/pgerr"
)

func TestServerRestart(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server, err := localpg.Start(ctx, localpg.Config{})
	must(t, err)
	defer func() { must(t, server.Stop(context.Background())) }()
	seen := &recorder{}
	eng, err := retort.Open(retort.Config{Base: library, URL: server.URL("postgres"), Observer: seen})
	must(t, err)
	defer func() { must(t, eng.Close(context.Background())) }()
	must(t, library.CreateAll(ctx, eng))

	for _, how := range []string{"fast", "crash"} {
		commit(t, eng, &Counter{Name: "before " + how})
		open := eng.Session()
		open.Add(&Counter{Name: "open during " + how})
		must(t, open.Flush(ctx))
		if how == "crash" {
			must(t, server.Kill())
		}
		must(t, server.Restart(ctx))
		seen.take()
		s := eng.Session()
		_, err := Counters.Get(ctx, s, "before "+how)
		must(t, err)
		s.Add(&Counter{Name: "after " + how})
		must(t, s.Commit(ctx))
		must(t, s.Close(ctx))
		err = open.Commit(ctx)
		if err == nil || errors.Is(err, retort.ErrCommitUnknown) && how == "fast" {
			t.Errorf("%s: a transaction outlived its server: %v", how, err)
		}
		must(t, open.Close(ctx))
	}
	s := eng.Session()
	n, err := Counters.Query().Count(ctx, s)
	must(t, err)
	if n != 4 {
		t.Errorf("%d rows, want 4", n)
	}
	must(t, s.Close(ctx))
	must(t, server.Kill())
	// The backends see that their postmaster is gone in their own time.
	for deadline := time.Now().Add(30 * time.Second); eng.Ping(ctx) == nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the server answers 30 s after it was killed")
		}
	}
	s = eng.Session()
	s.Add(&Counter{Name: "down"})
	err = s.Commit(ctx)
	if !pgerr.Transient(err) || errors.Is(err, retort.ErrCommitUnknown) {
		t.Errorf("without a server: %v", err)
	}
	must(t, server.Restart(ctx))
	must(t, s.Commit(ctx)) // nothing was lost meanwhile
	must(t, s.Close(ctx))
}

// TestAlteredTable changes a table under warmed connections: the server then
// refuses their plans once, which nobody must see.
func TestAlteredTable(t *testing.T) {
	t.Parallel()
	const size = 10
	b := newBench(t, func(c *retort.Config) { c.PoolSize, c.MaxOverflow = size, 0 })
	ctx := t.Context()
	a := newAuthor("a")
	commit(t, b.Engine, a)
	selectStar := retort.SQL[struct {
		ID    int64
		Title string
	}]("SELECT * FROM plain")
	b.Exec(t, "CREATE TABLE plain (id bigint, title varchar(10))")
	use := func(s *retort.Session) {
		t.Helper()
		_, err := Authors.Get(ctx, s, a.ID)
		must(t, err)
		_, err = Authors.With(&Authors.C.Books).All(ctx, s)
		must(t, err)
		_, err = selectStar.ReadOnly().All(ctx, s)
		must(t, err)
	}
	all := func(f func(*retort.Session)) {
		t.Helper()
		sessions := make([]*retort.Session, size)
		for i := range sessions { // each holds a connection of its own
			sessions[i] = b.Engine.Session()
			_, err := sessions[i].Exec(ctx, "SELECT 1")
			must(t, err)
			f(sessions[i])
		}
		for _, s := range sessions {
			must(t, s.Close(ctx))
		}
		b.idle(t)
	}
	all(use)
	b.Exec(t, "ALTER TABLE authors ALTER COLUMN name TYPE varchar(300)")
	b.Exec(t, "ALTER TABLE plain ALTER COLUMN title TYPE text")
	b.seen.take()
	var work sync.WaitGroup
	for i := range size {
		work.Go(func() {
			s := b.Engine.Session()
			defer s.Close(context.Background())
			if _, err := Authors.Get(ctx, s, a.ID); err != nil {
				t.Error(err)
			}
			if _, err := Authors.With(&Authors.C.Books).All(ctx, s); err != nil {
				t.Error(err)
			}
			if _, err := selectStar.ReadOnly().All(ctx, s); err != nil {
				t.Error(err)
			}
			if _, err := selectStar.All(ctx, s); err != nil {
				t.Error(err)
			}
			s.Add(newAuthor(fmt.Sprint(i)))
			if err := s.Commit(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	refused := 0
	for _, f := range b.seen.take() {
		if pgerr.KindOf(f.Err) == pgerr.StalePlan {
			refused++
		}
	}
	if refused == 0 {
		t.Error("the server refused nothing: this test proves nothing")
	}
	// Connections that were not used since must heal, too, each at its next use.
	for range 2 * size {
		s := b.Engine.Session()
		use(s)
		must(t, s.Close(ctx))
	}
}

// TestOneRequestMeetsStalePlansOnOneConnectionOnly: sent again, it got another warm
// connection whose plans were as stale, three times, and failed on a busy machine.
func TestOneRequestMeetsStalePlansOnOneConnectionOnly(t *testing.T) {
	t.Parallel()
	const size = 4
	b := newBench(t, func(c *retort.Config) { c.PoolSize, c.MaxOverflow = size, 0 })
	a := newAuthor("a")
	commit(t, b.Engine, a)
	ctx := t.Context()
	held := func() (sessions []*retort.Session) { // each has a connection, on which the plan is known
		for range size {
			s := b.Engine.SessionWith(retort.TxOptions{Isolation: retort.RepeatableRead})
			_, err := Authors.Get(ctx, s, a.ID)
			must(t, err)
			sessions = append(sessions, s)
		}
		return sessions
	}
	for _, s := range held() {
		must(t, s.Close(ctx))
	}
	b.idle(t)
	b.Exec(t, "ALTER TABLE authors ALTER COLUMN name TYPE varchar(300)")
	b.seen.take()
	for _, s := range held() {
		must(t, s.Close(ctx))
	}
	failed := 0
	for _, f := range b.seen.take() {
		if f.Err != nil {
			failed++
		}
	}
	if failed != 1 {
		t.Errorf("%d flights failed, want 1", failed)
	}
}

// A stale plan in an open transaction is no reason to fail a unit of work that may run
// again.
func TestRunRepeatsWhatMetAStalePlan(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *retort.Config) { c.PoolSize, c.MaxOverflow = 1, 0 })
	a := newAuthor("a")
	commit(t, b.Engine, a)
	runs := 0
	ctx := t.Context()
	read := func(ctx context.Context, s *retort.Session) (*Author, error) {
		runs++
		if _, err := s.Exec(ctx, "SELECT 1"); err != nil { // the transaction is open
			return nil, err
		}
		if runs == 2 {
			b.Exec(t, "ALTER TABLE authors ALTER COLUMN name TYPE varchar(300)")
		}
		return Authors.Get(ctx, s, a.ID)
	}
	for range 2 {
		if got, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, read); err != nil || got.Name != "a" {
			t.Errorf("%v, %v", got, err)
		}
	}
	if runs != 3 {
		t.Errorf("%d runs, want 3: the second met the stale plan", runs)
	}
	// Once only, when nobody said that it may run again.
	b.Exec(t, "ALTER TABLE authors ALTER COLUMN name TYPE text")
	once := retort.InSession(b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session, _ *input) (*Author, error) { return read(ctx, s) })
	if _, err := once(ctx, &input{}); pgerr.KindOf(err) != pgerr.StalePlan || runs != 4 {
		t.Errorf("%d runs, error %v", runs, err)
	}
}

func TestSessionStateDoesNotLeak(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *retort.Config) { c.PoolSize, c.MaxOverflow = 1, 0 })
	ctx := t.Context()
	for _, sql := range []string{
		"SET app.tenant = 'acme'", "SELECT set_config('app.user', 'jane', false)", "SET statement_timeout = '1234ms'",
		"SET ROLE pg_read_all_data", "SET search_path = 'nowhere'", "SELECT pg_advisory_lock(42)", "LISTEN news",
		"CREATE TEMP TABLE shopping (x int)", "DECLARE cur CURSOR WITH HOLD FOR SELECT 1",
		"PREPARE mine AS SELECT 1", "SET SESSION AUTHORIZATION pg_monitor",
	} {
		s := b.Engine.Session()
		_, err := s.Exec(ctx, sql)
		must(t, err)
		must(t, s.Commit(ctx))
		must(t, s.Close(ctx))
	}
	s := b.session(t)
	state, err := retort.SQL[string](`SELECT concat_ws(',',
		nullif(current_setting('app.tenant', true), ''), nullif(current_setting('app.user', true), ''),
		nullif(current_setting('statement_timeout'), '0'), nullif(current_user, session_user),
		nullif(current_setting('search_path'), '"$user", public'), nullif(session_user, 'retort'),
		(SELECT string_agg('lock', ',') FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
		(SELECT string_agg('channel', ',') FROM pg_listening_channels()),
		(SELECT string_agg(name, ',') FROM pg_cursors WHERE is_holdable),
		(SELECT string_agg(name, ',') FROM pg_prepared_statements WHERE from_sql AND name = 'mine'),
		to_regclass('pg_temp.shopping')::text)`).ReadOnly().One(ctx, s)
	must(t, err)
	if state != "" {
		t.Errorf("left behind: %s", state)
	}
}
