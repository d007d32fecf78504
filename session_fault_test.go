package retort_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/retort-go/retort"
)

// kill ends the backends of all idle clients of the database, as an operator or
// a time limit does, and returns how many there were.
func kill(t *testing.T, b bench) int64 {
	t.Helper()
	return b.QueryInt(t, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle' AND application_name = 'victim'`)
}

func victims(c *retort.Config) { c.URL += "&application_name=victim" }

// warm opens n connections and leaves them idle.
func warm(t *testing.T, b bench, n int) {
	t.Helper()
	sessions := make([]*retort.Session, n)
	for i := range sessions {
		sessions[i] = b.Engine.Session()
		_, err := sessions[i].Exec(t.Context(), "SELECT 1")
		must(t, err)
	}
	for _, s := range sessions {
		must(t, s.Close(context.Background()))
	}
	b.idle(t)
}

// TestKilledIdleConnections kills 100 idle backends while they are in the pool
// and uses them at once. Bare connections fail a request for each: the control.
func TestKilledIdleConnections(t *testing.T) {
	t.Parallel()
	const rounds, size = 10, 10
	type request func(ctx context.Context, s *retort.Session, n int) error
	for name, do := range map[string]request{
		"reads": func(ctx context.Context, s *retort.Session, _ int) error {
			_, err := Counters.Get(ctx, s, "shared")
			return err
		},
		"write-only_commits": func(ctx context.Context, s *retort.Session, n int) error {
			s.Add(&Counter{Name: fmt.Sprint("row ", n)})
			return s.Commit(ctx)
		},
		"read_change_commit": func(ctx context.Context, s *retort.Session, n int) error {
			c, err := Counters.Get(ctx, s, fmt.Sprint("own ", n%size))
			if err != nil {
				return err
			}
			c.Value++
			return s.Commit(ctx)
		},
		"raw_SQL": func(ctx context.Context, s *retort.Session, n int) error {
			_, err := s.Exec(ctx, "INSERT INTO counters VALUES ($1, 1)", fmt.Sprint("row ", n))
			if err != nil {
				return err
			}
			return s.Commit(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, victims, func(c *retort.Config) { c.PoolSize, c.MaxOverflow = size, 0 })
			b.Exec(t, "INSERT INTO counters VALUES ('shared', 0)")
			b.Exec(t, "INSERT INTO counters SELECT 'own ' || i, 0 FROM generate_series(0, $1 - 1) AS i", size)
			var killed int64
			for round := range rounds {
				warm(t, b, size)
				killed += kill(t, b)
				var work sync.WaitGroup
				for i := range size {
					work.Go(func() {
						s := b.Engine.Session()
						defer s.Close(context.Background())
						if err := do(t.Context(), s, round*size+i); err != nil {
							t.Errorf("round %d: %v", round, err)
						}
					})
				}
				work.Wait()
			}
			if killed != rounds*size {
				t.Errorf("killed %d connections, want %d", killed, rounds*size)
			}
			effects := b.QueryInt(t, "SELECT (SELECT count(*) FROM counters WHERE name LIKE 'row %') + (SELECT sum(value) FROM counters WHERE name LIKE 'own %')")
			if want := int64(rounds * size); name != "reads" && effects != want {
				t.Errorf("%d effects of %d requests", effects, want)
			}
			b.idle(t)
		})
	}
	t.Run("fail_a_connection_that_nobody_looks_after", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		failed := 0
		for range size {
			conn := b.Conn(t)
			_, err := conn.Exec(t.Context(), "SET application_name = 'victim'")
			must(t, err)
			kill(t, b)
			if _, err := conn.Exec(t.Context(), "SELECT 1"); err != nil {
				failed++
			}
		}
		if failed != size {
			t.Errorf("%d of %d kills harm nobody: this test proves nothing", size-failed, size)
		}
	})
}

func TestCancelledReads(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *retort.Config) { c.PoolSize, c.MaxOverflow = 2, 0 })
	sleeping := func() bool {
		return b.QueryInt(t, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'") == 1
	}
	for i := range 6 {
		ctx, cancel := context.WithCancel(t.Context())
		s := b.Engine.Session()
		done := make(chan error, 1)
		go func() {
			var err error
			if i%2 == 0 {
				_, err = retort.SQL[string]("SELECT pg_sleep(60)::text").ReadOnly().All(ctx, s)
			} else {
				_, err = s.Exec(ctx, "SELECT pg_sleep(60)")
			}
			done <- err
		}()
		waitFor(t, "the statement to run", sleeping)
		cancel()
		wantErr(t, <-done, context.Canceled)
		must(t, s.Close(ctx))
		waitFor(t, "the server to stop it", func() bool { return !sleeping() })
	}
	b.idle(t)
	for range 3 {
		must(t, b.Engine.Ping(t.Context()))
	}
}
