package migrate_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate"
)

// wide is a history whose one step waits for a lock on books.
func wide(tb testing.TB) *migrate.History {
	return files(tb, shop[0], "b: a\n-- +up\nALTER TABLE books ADD COLUMN price int;\n-- +down\n")
}

// hogged opens a transaction that has read books, and ends with the function.
func hogged(tb testing.TB, db database, sql string) (release func()) {
	tb.Helper()
	s := db.eng.Session()
	if _, err := s.Exec(tb.Context(), sql); err != nil {
		tb.Fatal(err)
	}
	return sync.OnceFunc(func() { _ = s.Close(context.WithoutCancel(tb.Context())) })
}

func TestRunner_waits_for_locks_a_moment_each_time(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	db.upgrade(t, wide(t), "a")
	release := hogged(t, db, "SELECT count(*) FROM books")
	defer release()

	// Each attempt is seen from outside: what it had set, and that a query which came
	// behind it was let through when it gave up.
	var settings []string
	attempts := 0
	r := db.runner(t, wide(t), migrate.Options{LockTimeout: 50 * time.Millisecond, OnEvent: func(e migrate.Event) {
		if e.Kind != migrate.Retrying {
			return
		}
		attempts++
		settings = append(settings, db.ask(t, "SELECT count(*)::text FROM books"))
		if attempts == 3 {
			release()
		}
	}})
	did, err := r.Upgrade(t.Context(), "head")
	if err != nil || ids(did) != "b" || attempts < 3 {
		t.Errorf("%d attempts, did %s, %v", attempts, ids(did), err)
	}
	if got := strings.Join(settings[:3], " "); got != "10 10 10" {
		t.Errorf("queries between the attempts gave %s", got)
	}

	t.Run("as_long_as_it_was_told", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		h := files(t, "a:\n-- +up\nCREATE TABLE seen AS SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement;\n"+
			"-- +outside repeatable\nINSERT INTO seen SELECT current_setting('lock_timeout'), current_setting('statement_timeout');\n")
		db.Exec(t, "ALTER ROLE CURRENT_USER IN DATABASE "+db.Name()+" SET statement_timeout = '5s'")
		if _, err := db.runner(t, h).Upgrade(t.Context(), "head"); err != nil {
			t.Fatal(err)
		}
		if got := db.ask(t, "SELECT lock, statement FROM seen"); got != "1s|0,1s|0" {
			t.Errorf("the steps ran with %s", got)
		}
	})

	t.Run("and_gives_up", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		db.upgrade(t, wide(t), "a")
		defer hogged(t, db, "SELECT count(*) FROM books")()
		_, err := db.runner(t, wide(t), migrate.Options{LockTimeout: time.Millisecond, Attempts: 2}).Upgrade(t.Context(), "head")
		step, _ := errors.AsType[*migrate.StepError](err)
		// Whom it waited for is seen only where a wait is long, as on a busy machine.
		helps := err != nil && (strings.Contains(err.Error(), "pg_stat_activity") || strings.Contains(err.Error(), "pg_terminate_backend("))
		if step == nil || step.Attempts != 2 || !strings.Contains(err.Error(), "failed 2 times") || !helps {
			t.Errorf("got %v", err)
		}
		if got := db.current(t); got != "a|applied" {
			t.Errorf("the ledger has %s", got)
		}
	})

	t.Run("but_builds_an_index_as_long_as_it_takes", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		db.upgrade(t, files(t, shop...), "a")
		db.Exec(t, "ALTER TABLE books ADD COLUMN price int")
		h := files(t, shop[0], "b: a\n-- +up\n-- +outside\nCREATE INDEX CONCURRENTLY ix_books_price ON books (price);\n")
		release := hogged(t, db, "INSERT INTO books VALUES (99)")
		done := make(chan error, 1)
		go func() {
			_, err := db.runner(t, h, migrate.Options{LockTimeout: time.Millisecond, Attempts: 1}).Upgrade(t.Context(), "head")
			done <- err
		}()
		until(t, func() bool {
			return db.ask(t, "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%CREATE INDEX%' AND wait_event_type = 'Lock'") == "1"
		})
		release()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// until waits for what another goroutine or process brings about.
func until(tb testing.TB, ok func() bool) {
	tb.Helper()
	for end := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			tb.Fatal("it does not happen within a minute")
		}
	}
}

// paused is a runner whose run stands still in its first step of Go until it is let
// go on.
func paused(tb testing.TB, db database, opts migrate.Options) (r *migrate.Runner, in chan struct{}, goOn chan struct{}) {
	in, goOn = make(chan struct{}), make(chan struct{})
	h := files(tb, "a:\n-- +up\nCREATE TABLE did (what text);\n", "b: a\n-- +up\n-- +call\n")
	opts.Functions = map[string]migrate.Functions{"b": {Up: func(ctx context.Context, s *retort.Session, _ *migrate.Batch) error {
		in <- struct{}{}
		<-goOn
		_, err := s.Exec(ctx, "INSERT INTO did VALUES ('b')")
		return err
	}}}
	return db.runner(tb, h, opts), in, goOn
}

// underway begins the run of a paused runner, and comes back when it stands still; how
// the run ends can be received.
func underway(tb testing.TB, r *migrate.Runner, in <-chan struct{}) <-chan error {
	tb.Helper()
	done := make(chan error, 1)
	go func() {
		_, err := r.Upgrade(tb.Context(), "head")
		done <- err
	}()
	<-in
	return done
}

func TestRunner_is_alone(t *testing.T) {
	t.Parallel()

	t.Run("others_wait_and_then_have_nothing_to_do", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		r, in, goOn := paused(t, db, migrate.Options{Who: "the first"})
		first := underway(t, r, in)
		second := make(chan error, 1)
		var once sync.Once
		waiting := make(chan string)
		r2, _, _ := paused(t, db, migrate.Options{OnEvent: func(e migrate.Event) {
			if e.Kind == migrate.Waiting {
				once.Do(func() { waiting <- e.Holder })
			}
		}})
		go func() {
			did, err := r2.Upgrade(t.Context(), "head")
			if len(did) > 0 {
				err = errors.Join(err, errors.New("it did "+ids(did)))
			}
			second <- err
		}()
		if got := <-waiting; got != "the first" {
			t.Errorf("it waits for %q", got)
		}
		status, err := r2.Status(t.Context())
		if err != nil || status.Holder == nil || !status.Holder.Alive || status.Holder.Name != "the first" {
			t.Errorf("Status: %+v, %v", status, err)
		}
		close(goOn)
		if err := errors.Join(<-first, <-second); err != nil {
			t.Error(err)
		}
		if got := db.ask(t, "SELECT string_agg(what, ' ') FROM did"); got != "b" {
			t.Errorf("did %s", got)
		}
	})

	t.Run("waiting_ends", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		r, in, goOn := paused(t, db, migrate.Options{Who: "the first"})
		first := underway(t, r, in)
		other, _, _ := paused(t, db, migrate.Options{Wait: time.Millisecond})
		_, err := other.Upgrade(t.Context(), "head")
		locked, _ := errors.AsType[*migrate.LockedError](err)
		if locked == nil || locked.Holder.Name != "the first" || locked.Holder.PID == 0 || !strings.Contains(err.Error(), "pg_terminate_backend") {
			t.Errorf("got %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		other, _, _ = paused(t, db, migrate.Options{})
		if _, err := other.Upgrade(ctx, "head"); !errors.Is(err, context.Canceled) {
			t.Errorf("with a context that has ended: %v", err)
		}
		close(goOn)
		if err := <-first; err != nil {
			t.Error(err)
		}
	})

	t.Run("the_lease_lives_as_long_as_a_step", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		r, in, goOn := paused(t, db, migrate.Options{Lease: time.Second})
		first := underway(t, r, in)
		expiry := func() string { return db.ask(t, "SELECT expires_at::text FROM retort_revisions_lease") }
		before := expiry()
		until(t, func() bool { return expiry() != before }) // while the step holds the row
		close(goOn)
		if err := <-first; err != nil {
			t.Error(err)
		}
	})

	// Whoever lost the lease commits nothing any more, even if nobody told him.
	t.Run("who_lost_the_lock_commits_nothing", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		stolen := false
		h := files(t, "a:\n-- +up\nCREATE TABLE did (what text);\n", "b: a\n-- +up\nINSERT INTO did VALUES ('b');\n")
		r := db.runner(t, h, migrate.Options{Lease: time.Minute, OnEvent: func(e migrate.Event) {
			if e.Kind == migrate.RevisionDone && !stolen {
				stolen = true
				db.Exec(t, "UPDATE retort_revisions_lease SET token = 'another'")
			}
		}})
		did, err := r.Upgrade(t.Context(), "head")
		if _, ok := errors.AsType[*migrate.LostLockError](err); !ok || ids(did) != "a" {
			t.Errorf("did %s, %v", ids(did), err)
		}
		if got := db.ask(t, "SELECT count(*)::text FROM did"); got != "0" {
			t.Errorf("it wrote %s rows", got)
		}
		db.Exec(t, "UPDATE retort_revisions_lease SET expires_at = now()") // the other one vanishes
		db.upgrade(t, h, "head")
	})

	t.Run("the_heartbeat_ends_a_run_that_lost_the_lock", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		h := files(t, "a:\n-- +up\n-- +outside repeatable\nSELECT pg_sleep(60);\n")
		var once sync.Once
		r := db.runner(t, h, migrate.Options{Lease: time.Second, OnEvent: func(e migrate.Event) {
			if e.Kind == migrate.StepStarted {
				once.Do(func() { db.Exec(t, "UPDATE retort_revisions_lease SET token = 'another'") })
			}
		}})
		_, err := r.Upgrade(t.Context(), "head")
		if _, ok := errors.AsType[*migrate.LostLockError](err); !ok {
			t.Errorf("got %v", err)
		}
	})

	// A step that is open keeps others from taking an expired lease over.
	t.Run("nobody_takes_over_in_the_midst_of_a_step", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		r, in, goOn := paused(t, db, migrate.Options{Lease: time.Minute})
		first := underway(t, r, in)
		db.Exec(t, "UPDATE retort_revisions_lease SET expires_at = now() - interval '1 hour'")
		other, _, _ := paused(t, db, migrate.Options{Wait: time.Millisecond})
		_, err := other.Upgrade(t.Context(), "head")
		if _, ok := errors.AsType[*migrate.LockedError](err); !ok {
			t.Errorf("the other one: %v", err)
		}
		close(goOn)
		if err := <-first; err != nil {
			t.Error(err)
		}
	})
}
