package migrate_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/retorttest/proxy"
)

// travels is a history of everything that a step can be. Each step that must not run
// twice leaves one row in did, or fails the second time.
var travels = []string{`a:
-- +up
CREATE TABLE did (what text);
CREATE TYPE mood AS ENUM ('calm');
CREATE TABLE t (id int, k int, n int NOT NULL DEFAULT 0, CONSTRAINT ck CHECK (k > 0) NO INHERIT NOT VALID);
CREATE TABLE parts (id int) PARTITION BY RANGE (id);
CREATE TABLE part1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
INSERT INTO t SELECT i, i FROM generate_series(1, 5) i;
`, `b: a
-- +up
INSERT INTO did VALUES ('b1');
-- +outside
CREATE UNIQUE INDEX CONCURRENTLY ix_t_k ON t (k);
INSERT INTO did VALUES ('b3');
-- +outside
ALTER TYPE mood ADD VALUE 'it''s fine';
-- +outside
ALTER TABLE t VALIDATE CONSTRAINT ck;
-- +outside repeatable
INSERT INTO did VALUES ('repeated');
-- +batched
UPDATE t SET n = n + 1 WHERE id IN (SELECT id FROM t WHERE n = 0 ORDER BY id LIMIT 3);
-- +outside
ALTER TABLE parts DETACH PARTITION part1 CONCURRENTLY;
-- +alone
INSERT INTO did VALUES ('b8');
-- +call
-- +outside
DROP INDEX CONCURRENTLY ix_t_k;
`}

// functions moves rows two by two.
var functions = map[string]migrate.Functions{"b": {Up: func(ctx context.Context, s *retort.Session, b *migrate.Batch) error {
	n, err := s.Exec(ctx, "UPDATE t SET n = n + 10 WHERE id > ('0' || $1)::int AND id <= ('0' || $1)::int + 2", b.Cursor)
	b.Rows += n
	b.More = n > 0
	b.Cursor = fmt.Sprint(b.Rows)
	return err
}}}

// arrived is what the database must look like in the end, however often the way there
// was broken off.
func arrived(tb testing.TB, db database) error {
	got := db.ask(tb, `SELECT
		(SELECT string_agg(what || (CASE WHEN what = 'repeated' THEN '' ELSE n::text END), ' ' ORDER BY what) FROM (SELECT what, count(*) n FROM did GROUP BY what) d),
		(SELECT string_agg(enumlabel::text, ',' ORDER BY enumsortorder) FROM pg_enum), (SELECT string_agg(n::text, ',' ORDER BY id) FROM t),
		(SELECT count(*)::text FROM pg_inherits), (SELECT count(*)::text FROM pg_index WHERE indrelid = 't'::regclass),
		(SELECT convalidated::text FROM pg_constraint WHERE conname = 'ck'), (SELECT string_agg(id || state, ' ' ORDER BY id) FROM retort_revisions),
		(SELECT string_agg(revision || action, ' ' ORDER BY id) FROM retort_revisions_log)`)
	if want := "b11 b31 b81 repeated|calm,it's fine|11,11,11,11,11|0|0|true|aapplied bapplied|aup bup"; got != want {
		return fmt.Errorf("the database has\n%s, want\n%s", got, want)
	}
	return nil
}

// make test-matrix asks for all of it; a restart of a server costs too much for every
// run of the tests.
var (
	upgraderRuns = flag.Int("upgraders", 4, "how often eight programs upgrade at once")
	crashStride  = flag.Int("crashes", 5, "kill the server at every nth statement")
)

const childURL = "RETORT_MIGRATE_TEST_CHILD"

// child is the program that is killed: it upgrades and ends.
func child() {
	url := os.Getenv(childURL)
	if url == "" {
		return
	}
	ctx := context.Background()
	eng, err := retort.Open(retort.Config{URL: url})
	if err == nil {
		lease, _ := time.ParseDuration(os.Getenv(childURL + "_LEASE")) // the default where there is none
		err = upgradeTravels(ctx, eng, os.Getenv(childURL+"_FORGETFUL") != "", migrate.Options{Lease: lease})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func upgradeTravels(ctx context.Context, eng *retort.Engine, forgetful bool, opts ...migrate.Options) error {
	var revisions []*migrate.Revision
	for i, text := range travels {
		first, rest, _ := strings.Cut(text, "\n")
		id, parents, _ := strings.Cut(first, ":")
		r, err := migrate.Parse("", "-- revision: "+id+"\n-- parents: "+parents+"\n"+rest)
		if err != nil {
			return err
		}
		r.Created = time.Unix(int64(i), 0)
		revisions = append(revisions, r)
	}
	h, err := migrate.NewHistory(revisions...)
	if err != nil {
		return err
	}
	opts = append(opts, migrate.Options{})
	opts[0].Functions = functions
	r, err := migrate.New(eng, h, opts[0]) // a shorter lease than the default ends where the machine is busy
	if err != nil {
		return err
	}
	if forgetful {
		r = r.WithoutJournal()
	}
	_, err = r.Upgrade(ctx, "head")
	return err
}

// silent are statements that leave nothing behind: settings, looks at the ledger, the
// heartbeat, BEGIN, the pool's resets.
var silent = []string{
	"retort:migrate.session", "retort:migrate.read", "retort:migrate.renew", "retort:migrate.fence",
	"retort:session.settings", "retort:flight.begin", "retort:flight.reset", "retort:snapshot",
}

// boundary matches the nth statement of a run that leaves something, from 1, and
// calls at then.
func boundary(n int, at func()) func(proxy.Message) bool {
	var mu sync.Mutex
	return func(m proxy.Message) bool {
		if !m.Frontend || m.Type != 'B' && m.Type != 'Q' {
			return false
		}
		if slices.ContainsFunc(silent, func(label string) bool { return strings.Contains(m.SQL, label) }) {
			return false
		}
		mu.Lock()
		defer mu.Unlock()
		n--
		if n == 0 && at != nil {
			at()
		}
		return n == 0
	}
}

// killed runs the upgrade in a child that is killed at its nth statement: before the
// statement reaches the server, or behind it and before its answer. It tells whether
// there was an nth statement.
func killed(tb testing.TB, db database, n int, reached bool, env ...string) bool {
	tb.Helper()
	fired, err := runChild(tb, db, n, reached, env)
	if err != nil && !fired {
		tb.Fatalf("the child failed by itself: %v", err)
	}
	return fired
}

// runChild is killed without an opinion on how a child ends that was not; n of 0
// kills it never. The functions of locked are called once it must have the lock, if
// nobody was there before it.
func runChild(tb testing.TB, db database, n int, reached bool, env []string, locked ...func()) (bool, error) {
	tb.Helper()
	p := proxy.Start(tb, db.URL())
	defer p.Close()
	for _, fn := range locked {
		p.Before(boundary(20, nil), func(proxy.Message) { fn() })
	}
	cmd := exec.CommandContext(tb.Context(), os.Args[0])
	cmd.Env = append(append(os.Environ(), childURL+"="+p.URL()), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	started, fired := make(chan struct{}), false
	kill := func() {
		<-started
		fired = true
		_ = cmd.Process.Kill()
	}
	if reached {
		p.Before(boundary(n, nil), func(proxy.Message) { kill() })
	} else {
		p.CutBefore(boundary(n, kill))
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	close(started)
	err := cmd.Wait()
	p.Close() // nothing of it runs on
	if err != nil {
		err = fmt.Errorf("%w: %s", err, &stderr)
	}
	return fired, err
}

// Killed at any statement, before it or behind it: the next run completes, and
// nothing is done twice.
func TestRunner_completes_when_the_tool_is_killed_anywhere(t *testing.T) {
	t.Parallel()
	for _, reached := range []bool{false, true} {
		t.Run(fmt.Sprintf("reached_%v", reached), func(t *testing.T) {
			t.Parallel()
			n, last := walk(t, func(n int) (bool, error) {
				db := newDatabase(t)
				defer db.eng.Close(context.WithoutCancel(t.Context()))
				fired := killed(t, db, n, reached)
				if err := upgradeTravels(t.Context(), db.eng, false); err != nil {
					return fired, err
				}
				return fired, arrived(t, db)
			})
			if last < 100 {
				t.Errorf("the run has %d statements: the walk has not seen it", last)
			}
			t.Logf("killed at each of %d statements, %d runs", last, n)
		})
	}

	// The control: without the journal, some of these runs do things twice.
	t.Run("which_needs_the_journal", func(t *testing.T) {
		t.Parallel()
		wrong := 0
		for n := 20; n < 100; n += 10 {
			db := newDatabase(t)
			killed(t, db, n, true, childURL+"_FORGETFUL=1")
			if err := upgradeTravels(t.Context(), db.eng, true); err != nil || arrived(t, db) != nil {
				wrong++
			}
			_ = db.eng.Close(t.Context())
		}
		if wrong == 0 {
			t.Error("without the journal everything is right, too: the walk proves nothing")
		}
	})
}

// walk calls try with 1, 2 … until a run has no such statement, a few at once.
func walk(t *testing.T, try func(n int) (bool, error)) (runs, last int) {
	t.Helper()
	var mu sync.Mutex
	next, over := 1, false
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for {
				mu.Lock()
				n := next
				next++
				stop := over || t.Failed()
				mu.Unlock()
				if stop {
					return
				}
				fired, err := try(n)
				mu.Lock()
				runs++
				if err != nil {
					t.Errorf("at statement %d: %v", n, err)
				}
				if fired {
					last = max(last, n)
				} else {
					over = true
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return runs, last
}

// The lock of a process that is killed is free as soon as the server sees its
// connections end: a lease of ten minutes is not waited for.
func TestRunner_is_followed_at_once_when_the_tool_is_killed(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	if !killed(t, db, 40, true, childURL+"_LEASE=10m") {
		t.Fatal("the child came to its end")
	}
	if got := db.ask(t, "SELECT (token IS NOT NULL)::text, (expires_at > clock_timestamp() + interval '8 minutes')::text, watched::text FROM retort_revisions_lease"); got != "true|true|true" {
		t.Fatalf("the child died without the lock: %s", got)
	}
	if err := upgradeTravels(t.Context(), db.eng, false, migrate.Options{Wait: time.Minute}); err != nil {
		t.Fatal(err)
	}
	if err := arrived(t, db); err != nil {
		t.Error(err)
	}
}

// The server dies with everything in memory, at any statement.
func TestRunner_completes_when_the_server_is_killed_anywhere(t *testing.T) {
	t.Parallel()
	for first, reached := range []bool{false, true} {
		t.Run(fmt.Sprintf("reached_%v", reached), func(t *testing.T) {
			t.Parallel()
			server, err := localpg.Start(t.Context(), localpg.Config{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = server.Stop(context.WithoutCancel(t.Context())) })
			last := 0
			for n := 1 + first%*crashStride; ; n += *crashStride {
				name := fmt.Sprintf("crash%d", n)
				fired, err := crash(t, server, name, n, reached)
				if err != nil {
					t.Fatalf("at statement %d: %v", n, err)
				}
				if !fired {
					break
				}
				last = n
			}
			if last < 100 {
				t.Errorf("the run has %d statements: the walk has not seen it", last)
			}
			t.Logf("killed at every %d. of %d statements", *crashStride, last)
		})
	}
}

// crash upgrades a new database and kills the server at the nth statement.
func crash(t *testing.T, server *localpg.Server, name string, n int, reached bool) (bool, error) {
	t.Helper()
	admin := open(t, server.URL("postgres"))
	s := admin.Session()
	_, err := retort.SQL[string]("CREATE DATABASE "+name).ReadOnly().All(t.Context(), s)
	_ = s.Close(t.Context())
	_ = admin.Close(t.Context())
	if err != nil {
		return false, err
	}
	p := proxy.Start(t, server.URL(name))
	defer p.Close()
	fired := false
	kill := func() {
		fired = true
		_ = server.Kill()
	}
	if reached {
		p.Before(boundary(n, nil), func(proxy.Message) { kill() })
	} else {
		p.CutBefore(boundary(n, kill))
	}
	eng := open(t, p.URL())
	first := upgradeTravels(t.Context(), eng, false)
	_ = eng.Close(t.Context())
	p.Close()
	if !fired {
		return false, first
	}
	if err := server.Restart(t.Context()); err != nil {
		return true, err
	}
	db := database{nil, open(t, server.URL(name))}
	defer db.eng.Close(context.WithoutCancel(t.Context()))
	if err := upgradeTravels(t.Context(), db.eng, false); err != nil {
		return true, fmt.Errorf("%w (before: %w)", err, first)
	}
	return true, arrived(t, db)
}
