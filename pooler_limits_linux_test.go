package retort_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

// occupied has one transaction hold the pooler's only connection until the test's
// function has ended.
func occupied(t *testing.T, eng *retort.Engine, work func()) {
	t.Helper()
	s := eng.Session()
	defer s.Close(context.Background())
	_, err := s.Exec(t.Context(), "SELECT 1")
	must(t, err)
	work()
}

// Whatever else it ends, the server behind it is not lost.
func TestPoolerThatEndsAClientHasNotLostTheNetwork(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		lost bool
	}{
		{pgerr.Wrap(&pgconn.PgError{Severity: "FATAL", Code: "08P01", Message: "server conn crashed?"}), false},
		{pgerr.Wrap(&net.OpError{Op: "read", Net: "tcp", Err: io.ErrUnexpectedEOF}), true},
	} {
		if got := retort.NetworkLost(c.err); got != c.lost || pgerr.KindOf(c.err) != pgerr.Connection {
			t.Errorf("%v: lost %v, %s", c.err, got, pgerr.KindOf(c.err))
		}
	}
}

// TestPooler_limits is about what PgBouncer ends itself, each time with a FATAL of
// SQLSTATE 08P01.
func TestPooler_limits(t *testing.T) {
	t.Parallel()

	t.Run("a_wait_for_the_server_in_vain_has_stored_nothing", func(t *testing.T) {
		t.Parallel()
		seen := &recorder{}
		eng, k, _ := behindBouncer(t, func(cfg *retort.Config) { cfg.Pooler, cfg.Observer = true, seen }, "query_wait_timeout = 1", "default_pool_size = 1")
		occupied(t, eng, func() {
			s := eng.Session()
			defer s.Close(context.Background())
			s.Add(newAuthor("in vain"))
			seen.take()
			err := s.Commit(t.Context())
			if errors.Is(err, retort.ErrCommitUnknown) || pgerr.KindOf(err) != pgerr.TooManyConnections || !strings.Contains(err.Error(), "query_wait_timeout") {
				t.Errorf("got %v", err)
			}
			if flights := seen.take(); len(flights) != 1 {
				t.Errorf("it was sent again: %+v", flights)
			}
		})
		if n := k.QueryInt(t, "SELECT count(*) FROM authors"); n != 0 {
			t.Errorf("%d authors", n)
		}
	})

	t.Run("a_read_that_takes_too_long_is_not_sent_again", func(t *testing.T) {
		t.Parallel()
		eng, k, log := behindBouncer(t, func(cfg *retort.Config) { cfg.Pooler = true }, "query_timeout = 1")
		s := eng.Session()
		s.Add(newAuthor("slow"))
		must(t, s.Commit(t.Context()))
		must(t, s.Close(t.Context()))
		k.Exec(t, "CREATE SEQUENCE runs")
		k.Exec(t, "ALTER TABLE authors ENABLE ROW LEVEL SECURITY")
		k.Exec(t, "ALTER TABLE authors RENAME TO authors_kept")
		k.Exec(t, "CREATE VIEW authors AS SELECT a.* FROM authors_kept a, (SELECT nextval('runs'), pg_sleep(3)) AS slow")

		var others [2]*retort.Session // connections that have nothing to do with it
		for i := range others {
			others[i] = eng.Session()
			_, err := others[i].Exec(t.Context(), "SELECT 1")
			must(t, err)
		}
		for _, s := range others {
			must(t, s.Close(t.Context()))
		}
		before := eng.Stats().Closed.Invalidated

		own := eng.Session()
		defer own.Close(context.Background())
		_, err := Authors.OrderBy(retort.Asc(&Authors.C.Name)).All(t.Context(), own)
		if pgerr.KindOf(err) != pgerr.QueryCanceled {
			t.Errorf("got %v", err)
		}
		if n := k.QueryInt(t, "SELECT last_value FROM runs"); n != 1 {
			t.Errorf("it ran %d times", n)
		}
		if n := eng.Stats().Closed.Invalidated - before; n != 0 || strings.Contains(log.String(), "are replaced") {
			t.Errorf("%d other connections were closed: %s", n, log)
		}
	})
}
