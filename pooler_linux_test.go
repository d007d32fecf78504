package retort_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

// poolerRequests is what 8 clients make of 2 connections to the server.
const poolerRequests = 4200

// requestsOf runs n requests of every kind on eng, 8 at a time, and returns how
// many failed, with the first error.
func requestsOf(ctx context.Context, eng *retort.Engine, n int) (failed int64, first error) {
	var next, failures atomic.Int64
	var once sync.Once
	var group sync.WaitGroup
	for client := range 8 {
		group.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if err := request(ctx, eng, client, int(i)); err != nil {
					failures.Add(1)
					once.Do(func() { first = fmt.Errorf("request %d: %w", i, err) })
				}
			}
		})
	}
	group.Wait()
	return failures.Load(), first
}

// request is one of the kinds of work that a handler does.
func request(ctx context.Context, eng *retort.Engine, client, i int) error {
	s := eng.Session()
	defer s.Close(context.WithoutCancel(ctx))
	name := fmt.Sprintf("request-%d", i)
	switch i % 6 {
	case 0: // a graph, in one flight with its COMMIT
		a := newAuthor(name)
		s.Add(a)
		s.Add(newBook(a, "first"))
		s.Add(newBook(a, "second"))
		return s.Commit(ctx)
	case 1: // read, change, commit
		a := newAuthor(name)
		s.Add(a)
		if err := s.Commit(ctx); err != nil {
			return err
		}
		again := eng.Session()
		defer again.Close(context.WithoutCancel(ctx))
		found, err := Authors.Get(ctx, again, a.ID)
		if err != nil {
			return err
		}
		found.Name = name + " changed"
		return again.Commit(ctx)
	case 2: // parents with their children
		authors, err := Authors.OrderBy(retort.Desc(&Authors.C.Name)).Limit(3).With(&Authors.C.Books).All(ctx, s)
		if err == nil && len(authors) == 0 && i > 100 {
			err = fmt.Errorf("no authors")
		}
		return err
	case 3: // raw SQL, with settings that end with the transaction
		_, err := retort.Run(ctx, eng, retort.TxOptions{Isolation: retort.RepeatableRead}, func(ctx context.Context, s *retort.Session) (string, error) {
			if _, err := s.Exec(ctx, "SELECT set_config('app.client', $1, true)", name); err != nil {
				return "", err
			}
			got, err := retort.SQL[string]("SELECT current_setting('app.client')").One(ctx, s)
			if err == nil && got != name {
				err = fmt.Errorf("app.client is %q, want %q", got, name)
			}
			return got, err
		})
		return err
	case 4: // settings that ride with BEGIN, around a read
		own := eng.SessionWith(retort.TxOptions{Settings: map[string]string{"app.client": name}})
		defer own.Close(context.WithoutCancel(ctx))
		got, err := retort.SQL[string]("SELECT current_setting('app.client')").ReadOnly().One(ctx, own)
		if err == nil && got != name {
			err = fmt.Errorf("app.client is %q, want %q", got, name)
		}
		return err
	default: // many different texts, as ad-hoc queries are
		got, err := retort.SQL[int](fmt.Sprintf("SELECT %d + $1::int", i), client).ReadOnly().One(ctx, s)
		if err == nil && got != i+client {
			err = fmt.Errorf("got %d, want %d", got, i+client)
		}
		return err
	}
}

// behindBouncer is an engine behind a PgBouncer of its own.
func behindBouncer(t *testing.T, change func(*retort.Config), settings ...string) (*retort.Engine, *retorttest.Kit, *lockedBuffer) {
	t.Helper()
	k := retorttest.New(t, library)
	b := startBouncer(t, k.Database, settings...)
	var log lockedBuffer
	cfg := retort.Config{
		Base: library, URL: b.url, PoolSize: 8,
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	}
	change(&cfg)
	eng, err := retort.Open(cfg)
	must(t, err)
	closing(t, eng.Close)
	return eng, k, &log
}

func TestPooler(t *testing.T) {
	t.Parallel()

	t.Run("serves_every_request_with_the_profile", func(t *testing.T) {
		t.Parallel()
		eng, k, log := behindBouncer(t, func(cfg *retort.Config) { cfg.Pooler = true })
		if failed, first := requestsOf(t.Context(), eng, poolerRequests); failed != 0 {
			t.Errorf("%d of %d requests failed, the first with %v", failed, poolerRequests, first)
		}
		if n := k.QueryInt(t, "SELECT count(*) FROM authors"); n != 2*poolerRequests/6 {
			t.Errorf("%d authors, want %d", n, 2*poolerRequests/6)
		}
		if n := k.QueryInt(t, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"); n != 0 {
			t.Errorf("%d transactions are left open", n)
		}
		if text := log.String(); text != "" {
			t.Errorf("logged: %s", text)
		}
	})

	t.Run("breaks_requests_without_the_profile", func(t *testing.T) {
		t.Parallel()
		eng, _, log := behindBouncer(t, func(*retort.Config) {})
		failed, first := requestsOf(t.Context(), eng, poolerRequests/10)
		if failed == 0 {
			t.Error("no request failed: the test above proves nothing")
		}
		t.Logf("%d of %d requests failed, the first with %v", failed, poolerRequests/10, first)
		for _, want := range []string{"the server has lost a prepared statement", "a pooler such as PgBouncer stands before"} {
			if n := strings.Count(log.String(), want); n != 1 {
				t.Errorf("%d warnings %q, want 1: %s", n, want, log.String())
			}
		}
	})

	t.Run("is_found_without_the_profile_before_anything_breaks", func(t *testing.T) {
		t.Parallel()
		eng, _, log := behindBouncer(t, func(cfg *retort.Config) { cfg.PoolSize = -1 })
		// One of a thousand made-up process ids looks like a real one, so ask for several.
		var group sync.WaitGroup
		var found atomic.Int64
		for range 4 {
			group.Go(func() {
				_ = eng.Ping(t.Context())
				if p, err := eng.Pooler(t.Context()); err == nil && p.Found && !p.Declared {
					found.Add(1)
				}
			})
		}
		group.Wait()
		if found.Load() == 0 {
			t.Error("Engine.Pooler finds none")
		}
		// A ping that comes late may reuse a connection, and lose its statement.
		text := log.String()
		first, _, _ := strings.Cut(text, "\n")
		if !strings.Contains(first, "stands before the database; set Config.Pooler") || strings.Count(text, "stands before the database") != 1 {
			t.Errorf("want a first warning that names Config.Pooler, once: %s", text)
		}
	})

	t.Run("refusing_a_setting_of_the_URL_is_explained", func(t *testing.T) {
		t.Parallel()
		eng, _, log := behindBouncer(t, func(cfg *retort.Config) { cfg.Pooler, cfg.URL = true, cfg.URL+"&statement_timeout=5000" })
		for range 2 {
			if err := eng.Ping(t.Context()); pgerr.Code(err) != "08P01" {
				t.Errorf("got %v", err)
			}
		}
		if text := log.String(); strings.Count(text, "ignore_startup_parameters") != 1 {
			t.Errorf("want one explanation: %s", text)
		}
	})

	t.Run("takes_the_settings_that_it_is_told_to_ignore", func(t *testing.T) {
		t.Parallel()
		eng, _, _ := behindBouncer(t, func(cfg *retort.Config) { cfg.Pooler, cfg.URL = true, cfg.URL+"&statement_timeout=5000" },
			"ignore_startup_parameters = statement_timeout")
		must(t, eng.Ping(t.Context()))
	})

	t.Run("is_told_limits_and_deadlines_with_each_transaction", func(t *testing.T) {
		t.Parallel()
		eng, _, log := behindBouncer(t, func(cfg *retort.Config) {
			cfg.Pooler, cfg.Deadlines = true, retort.DeadlinesEverywhere
			cfg.LockTimeout, cfg.IdleTransactionTimeout = 1500*time.Millisecond, time.Minute
		})
		if got, want := settings(t, eng), "t  0 1500ms 1min"; got != want { // a read on its own
			t.Errorf("%q, want %q", got, want)
		}
		if got := insideOf(t, eng, time.Hour, retort.TxOptions{}); got.Idle != 60 || got.Statement < 1800 || got.Statement > 3601 {
			t.Errorf("%+v", got)
		}
		plain, _, _ := behindBouncer(t, func(cfg *retort.Config) { cfg.Pooler, cfg.Deadlines = true, retort.DeadlinesEverywhere })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for range 20 { // 2 connections of the server's, whichever it is
			s := plain.Session()
			_, err := Counters.Query().All(ctx, s)
			must(t, err)
			must(t, s.Close(ctx))
			if got, want := settings(t, plain), "t  0 0 0"; got != want {
				t.Fatalf("left behind: %q, want %q", got, want)
			}
		}
		if text := log.String(); text != "" {
			t.Errorf("logged: %s", text)
		}
	})

	t.Run("is_not_suspected_where_none_is", func(t *testing.T) {
		t.Parallel()
		var log lockedBuffer
		k := retorttest.New(t, library, func(cfg *retort.Config) { cfg.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
		if failed, first := requestsOf(t.Context(), k.Engine, 200); failed != 0 {
			t.Errorf("%d requests failed, the first with %v", failed, first)
		}
		if text := log.String(); text != "" {
			t.Errorf("logged: %s", text)
		}
	})
}

// joinedRequest writes and reads inside a transaction of the owner's, who opened
// it through PgBouncer and commits it, or rolls it back.
func joinedRequest(ctx context.Context, eng *retort.Engine, owner *pgx.Conn, name string, keep bool) error {
	tx, err := owner.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // nothing when it has ended
	if _, err := tx.Exec(ctx, "INSERT INTO counters VALUES ($1, 1)", pgx.QueryExecModeExec, name); err != nil {
		return err
	}
	s, err := eng.Join(tx)
	if err != nil {
		return err
	}
	defer s.Close(context.WithoutCancel(ctx))
	a := newAuthor(name)
	s.Add(a)
	s.Add(newBook(a, "first"))
	if err := s.Commit(ctx); err != nil {
		return err
	}
	undone := newAuthor(name + " undone")
	s.Add(undone)
	if err := s.Flush(ctx); err != nil {
		return err
	}
	if err := s.Rollback(ctx); err != nil { // to the savepoint behind the Commit
		return err
	}
	c, err := Counters.Get(ctx, s, name) // what the owner wrote
	if err != nil {
		return err
	}
	c.Value = 2
	n, err := Authors.Where(retort.Like(&Authors.C.Name, name+"%")).Count(ctx, s)
	if err == nil && n != 1 {
		err = fmt.Errorf("%d authors, want 1", n)
	}
	if err = cmp.Or(err, s.Commit(ctx), s.Close(ctx)); err != nil {
		return err
	}
	if !keep {
		return tx.Rollback(ctx)
	}
	return tx.Commit(ctx)
}

// joinedRequests has each of 6 owners, on 2 connections to the server, join n
// times, and returns how many of these failed, with the first error. Mode is what
// the owners say of named statements.
func joinedRequests(t *testing.T, eng *retort.Engine, url string, mode pgx.QueryExecMode, n int) (failed int64, first error) {
	t.Helper()
	ctx := t.Context()
	var failures atomic.Int64
	var once sync.Once
	var group sync.WaitGroup
	for o := range 6 {
		cfg := val(pgx.ParseConfig(url))(t)
		cfg.DefaultQueryExecMode = mode
		owner := val(pgx.ConnectConfig(ctx, cfg))(t)
		group.Go(func() {
			defer func() { _ = owner.Close(context.WithoutCancel(ctx)) }()
			for i := range n {
				if err := joinedRequest(ctx, eng, owner, fmt.Sprintf("joined-%d-%d", o, i), i%2 == 0); err != nil {
					failures.Add(1)
					once.Do(func() { first = fmt.Errorf("owner %d, request %d: %w", o, i, err) })
				}
			}
		})
	}
	group.Wait()
	return failures.Load(), first
}

func TestJoinBehindPooler(t *testing.T) {
	t.Parallel()
	const each = 40
	for name, tc := range map[string]struct {
		pooler bool
		mode   pgx.QueryExecMode
	}{
		"works_with_the_profile":              {true, pgx.QueryExecModeCacheStatement},
		"works_where_the_owner_names_nothing": {false, pgx.QueryExecModeExec},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var url string
			eng, k, log := behindBouncer(t, func(cfg *retort.Config) { cfg.Pooler, url = tc.pooler, cfg.URL })
			if failed, first := joinedRequests(t, eng, url, tc.mode, each); failed != 0 {
				t.Errorf("%d requests failed, the first with %v", failed, first)
			}
			for _, what := range []string{"authors", "books", "counters WHERE value = 2", "counters"} {
				if n := k.QueryInt(t, "SELECT count(*) FROM "+what); n != 6*each/2 {
					t.Errorf("%d %s, want %d", n, what, 6*each/2)
				}
			}
			if s := eng.Stats(); s.InUse+s.Idle != 0 {
				t.Errorf("the engine opened connections of its own: %s", s)
			}
			if text := log.String(); text != "" {
				t.Errorf("logged: %s", text)
			}
		})
	}
	t.Run("breaks_without_the_profile", func(t *testing.T) {
		t.Parallel()
		var url string
		eng, _, _ := behindBouncer(t, func(cfg *retort.Config) { url = cfg.URL })
		failed, first := joinedRequests(t, eng, url, pgx.QueryExecModeCacheStatement, each)
		if failed == 0 {
			t.Error("no request failed: the test above proves nothing")
		}
		t.Logf("%d requests failed, the first with %v", failed, first)
	})
}
