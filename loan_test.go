package retort_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// stack is a pool of pgx connections, as small as one can be.
type stack struct {
	url  string
	idle chan *pgx.Conn
}

type stackLoan struct {
	conn *pgx.Conn
	from *stack
}

func (l *stackLoan) Conn() *pgx.Conn { return l.conn }

func (l *stackLoan) Release() {
	if l.conn.IsClosed() {
		l.conn = nil
	}
	l.from.idle <- l.conn
}

func (s *stack) Acquire(ctx context.Context) (*stackLoan, error) {
	select {
	case c := <-s.idle:
		if c == nil {
			var err error
			if c, err = pgx.Connect(ctx, s.url); err != nil {
				s.idle <- nil
				return nil, err
			}
		}
		return &stackLoan{c, s}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// lentBench is an engine on connections of a stack of that size.
func lentBench(t *testing.T, size int) (*retorttest.Kit, *stack, *retort.Engine) {
	t.Helper()
	kit := retorttest.New(t, library)
	pool := &stack{url: kit.URL(), idle: make(chan *pgx.Conn, size)}
	for range size {
		pool.idle <- nil
	}
	eng := val(retort.Open(retort.Config{Base: library, Lender: retort.LendFrom(pool.Acquire)}))(t)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		must(t, eng.Close(ctx))
		for range size {
			if c := <-pool.idle; c != nil {
				_ = c.Close(ctx)
			}
		}
	})
	return kit, pool, eng
}

func TestLender(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("lends_what_the_engine_uses", func(t *testing.T) {
		t.Parallel()
		kit, _, eng := lentBench(t, 1)
		must(t, eng.Ping(ctx))
		for _, name := range []string{"a", "b", "c"} {
			_ = val(retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
				s.Add(&Counter{Name: name})
				return 0, nil
			}))(t)
		}
		s := eng.Session()
		rows := val(Counters.Where().All(ctx, s))(t)
		if len(rows) != 3 || eng.Stats().InUse != 0 {
			t.Errorf("%d rows, %d in use", len(rows), eng.Stats().InUse)
		}
		var n int
		must(t, s.DBTX().QueryRow(ctx, "SELECT count(*) FROM counters WHERE value = $1", 0).Scan(&n))
		must(t, s.Close(ctx))
		if got := kit.QueryInt(t, "SELECT count(*) FROM counters"); got != 3 || n != 3 {
			t.Errorf("%d rows", got)
		}
	})

	t.Run("a_connection_that_died_while_idle_is_replaced", func(t *testing.T) {
		t.Parallel()
		kit, _, eng := lentBench(t, 2)
		must(t, eng.Ping(ctx))
		kit.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		time.Sleep(50 * time.Millisecond) // until the socket knows
		must(t, eng.Ping(ctx))
	})

	t.Run("one_that_cannot_be_used_by_others_is_closed", func(t *testing.T) {
		t.Parallel()
		_, pool, eng := lentBench(t, 1)
		s := eng.Session()
		_ = val(s.Exec(ctx, "PREPARE mine AS SELECT 1"))(t)
		must(t, s.Commit(ctx))
		if c := <-pool.idle; c != nil {
			t.Error("it came back")
		}
		pool.idle <- nil
	})

	t.Run("one_in_a_transaction_is_refused", func(t *testing.T) {
		t.Parallel()
		kit := retorttest.New(t, library)
		conn := val(pgx.Connect(ctx, kit.URL()))(t)
		defer conn.Close(ctx)
		tx := val(conn.Begin(ctx))(t)
		defer func() { _ = tx.Rollback(ctx) }()
		pool := &stack{idle: make(chan *pgx.Conn, 1)}
		pool.idle <- conn
		eng := val(retort.Open(retort.Config{Lender: retort.LendFrom(pool.Acquire)}))(t)
		wantErr(t, eng.Ping(ctx), nil, "in a transaction")
		must(t, eng.Close(ctx))
	})

	t.Run("its_errors_and_panics_keep_the_count", func(t *testing.T) {
		t.Parallel()
		sad := errors.New("sad")
		eng := val(retort.Open(retort.Config{Lender: func(context.Context) (retort.Loan, error) { return nil, sad }}))(t)
		wantErr(t, eng.Ping(ctx), sad, "Config.Lender")
		must(t, eng.Close(ctx))
		wantErr(t, eng.Ping(ctx), retort.ErrEngineClosed)
		must(t, eng.Close(ctx))

		eng = val(retort.Open(retort.Config{Lender: func(context.Context) (retort.Loan, error) { panic("boom") }}))(t)
		func() {
			defer func() { _ = recover() }()
			_ = eng.Ping(ctx)
		}()
		must(t, eng.Close(ctx))
	})

	t.Run("Close_waits_for_what_is_borrowed", func(t *testing.T) {
		t.Parallel()
		_, _, eng := lentBench(t, 1)
		s := eng.Session()
		_ = val(s.Exec(ctx, "SELECT 1"))(t)
		short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
		defer cancel()
		wantErr(t, eng.Close(short), context.DeadlineExceeded, "1 connections")
		must(t, s.Close(ctx))
		must(t, eng.Close(ctx))
	})

	t.Run("Close_with_a_context_that_has_ended_is_no_error_where_nothing_is_borrowed", func(t *testing.T) {
		t.Parallel()
		_, _, eng := lentBench(t, 1)
		ended, cancel := context.WithCancel(ctx)
		cancel()
		for range 50 { // either way is ready
			must(t, eng.Close(ended))
		}
	})

	t.Run("settings_of_a_pool_are_refused_beside_it", func(t *testing.T) {
		t.Parallel()
		_, err := retort.Open(retort.Config{
			Lender: func(context.Context) (retort.Loan, error) { return nil, nil },
			URL:    "postgres://h/d", PoolSize: 3,
		})
		wantErr(t, err, nil, "Config.Lender")
		_, err = retort.Open(retort.Config{
			Lender:       func(context.Context) (retort.Loan, error) { return nil, nil },
			PasswordFunc: func(context.Context) (string, error) { return "", nil },
		})
		wantErr(t, err, nil, "Config.Lender")
		_, err = retort.Open(retort.Config{
			Lender:       func(context.Context) (retort.Loan, error) { return nil, nil },
			AfterConnect: func(context.Context, *pgconn.PgConn) error { return nil },
		})
		wantErr(t, err, nil, "Config.Lender")
	})

	t.Run("a_PgxTracer_is_told_of_the_flights_on_it", func(t *testing.T) {
		t.Parallel()
		kit, pool, _ := lentBench(t, 1)
		n := &notes{pids: map[uint32]bool{}}
		eng := val(retort.Open(retort.Config{Base: library, Lender: retort.LendFrom(pool.Acquire), PgxTracer: n}))(t)
		defer eng.Close(context.Background())
		s := eng.Session()
		s.Add(&Counter{Name: "a"})
		must(t, s.Commit(t.Context()))
		must(t, s.Close(t.Context()))
		if diff := cmp.Diff([]string{"BEGIN: BEGIN", "INSERT: INSERT 0 1", "COMMIT: COMMIT"}, n.ended); diff != "" {
			t.Error(diff)
		}
		if got := kit.QueryInt(t, "SELECT count(*) FROM counters"); got != 1 || n.connects != 0 {
			t.Errorf("%d rows, %d connects", got, n.connects)
		}
	})
}
