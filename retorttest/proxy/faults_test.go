package proxy_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/retorttest/proxy"
)

func retorttestPort(cfg *pgconn.Config) string { return strconv.Itoa(int(cfg.Port)) }

// insert writes one row in a transaction and returns the first error.
func insert(ctx context.Context, conn *pgx.Conn) error {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO notes VALUES (1, 'x')"); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

func TestCut(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		rule func(p *proxy.Proxy) *proxy.Rule
		fail bool  // the client sees an error
		rows int64 // what is true in the end
	}{
		{"before_the_reply_to_COMMIT_hides_a_committed_row", func(p *proxy.Proxy) *proxy.Rule { return p.CutBefore(proxy.CommitReply) }, true, 1},
		{"after_the_reply_to_COMMIT_hides_nothing_of_it", func(p *proxy.Proxy) *proxy.Rule { return p.CutAfter(proxy.Backend('Z')) }, true, 0},
		{"after_COMMIT_was_sent_hides_a_committed_row", func(p *proxy.Proxy) *proxy.Rule { return p.CutAfter(proxy.Sent("commit")) }, true, 1},
		{"before_COMMIT_undoes_the_row", func(p *proxy.Proxy) *proxy.Rule { return p.CutBefore(proxy.Runs("COMMIT")) }, true, 0},
		{"before_the_insert_undoes_the_transaction", func(p *proxy.Proxy) *proxy.Rule { return p.CutBefore(proxy.Runs("insert into")) }, true, 0},
		{"after_the_reply_to_the_insert_undoes_the_row", func(p *proxy.Proxy) *proxy.Rule { return p.CutAfter(proxy.Tag("INSERT 0 1")) }, true, 0},
		{"of_a_rule_that_ended_does_nothing", func(p *proxy.Proxy) *proxy.Rule { return p.CutBefore(proxy.CommitReply).Times(0) }, false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			rule := tt.rule(b.p)
			err := insert(t.Context(), b.conn)
			if (err != nil) != tt.fail {
				t.Errorf("error %v, want one: %t", err, tt.fail)
			}
			var pgErr *pgconn.PgError
			if errors.As(err, &pgErr) {
				t.Errorf("the server answered: %v", err)
			}
			if want := map[bool]int{true: 1, false: 0}[tt.fail]; rule.Fired() != want {
				t.Errorf("the rule fired %d times, want %d", rule.Fired(), want)
			}
			waitForBackends(t, b, tt.fail)
			if got := b.db.QueryInt(t, "SELECT count(*) FROM notes"); got != tt.rows {
				t.Errorf("%d rows, want %d", got, tt.rows)
			}
			if tt.fail {
				next := connect(t, b.p.URL())
				if err := next.Ping(t.Context()); err != nil {
					t.Errorf("the next connection: %v", err)
				}
			}
		})
	}
}

// waitForBackends waits until the cut connection's backend is gone, and with
// it all doubt.
func waitForBackends(t *testing.T, b bench, gone bool) {
	t.Helper()
	const count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
	for begin := time.Now(); gone && b.db.QueryInt(t, count) > 0; time.Sleep(2 * time.Millisecond) {
		if time.Since(begin) > 10*time.Second {
			t.Fatal("the backend stays")
		}
	}
}

func TestRule(t *testing.T) {
	t.Parallel()
	t.Run("fires_as_often_as_told", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		rule := b.p.CutBefore(proxy.Runs("select 7")).Times(2)
		for i, fail := range []bool{true, true, false} {
			conn := connect(t, b.p.URL())
			if _, err := conn.Exec(t.Context(), "SELECT 7"); (err != nil) != fail {
				t.Errorf("try %d: %v", i, err)
			}
		}
		if rule.Fired() != 2 {
			t.Errorf("fired %d times", rule.Fired())
		}
	})
	t.Run("cuts_only_the_connection_it_matched", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		other := connect(t, b.p.URL())
		b.p.CutBefore(proxy.Runs("select 7"))
		if _, err := b.conn.Exec(t.Context(), "SELECT 7"); err == nil {
			t.Error("not cut")
		}
		if err := other.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("runs_a_test's_own_work_between_two_statements", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.exec(t, "SELECT 1")
		rule := b.p.Before(proxy.Runs("from notes"), func(m proxy.Message) {
			b.db.Exec(t, "INSERT INTO notes VALUES (9, $1)", m.SQL)
		})
		var body string
		if err := b.conn.QueryRow(t.Context(), "SELECT body FROM notes WHERE id = $1", 9).Scan(&body); err != nil {
			t.Fatal(err)
		}
		if body != "SELECT body FROM notes WHERE id = $1" || rule.Fired() != 1 {
			t.Errorf("body %q, fired %d", body, rule.Fired())
		}
	})
	t.Run("sees_errors_by_their_code", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		rule := b.p.CutBefore(func(m proxy.Message) bool { return m.SQLState() == "22012" })
		if _, err := b.conn.Exec(t.Context(), "SELECT 1/0"); err == nil || rule.Fired() != 1 {
			t.Errorf("error %v, fired %d", err, rule.Fired())
		}
	})
}

func TestDelay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const oneWay = 30 * time.Millisecond
	b.p.Delay(oneWay)
	begin := time.Now()
	b.exec(t, "SELECT 1")
	if took := time.Since(begin); took < 2*oneWay {
		t.Errorf("one trip took %s, less than %s", took, 2*oneWay)
	}
	// A thousand statements that travel together pay the way once.
	var batch pgx.Batch
	for range 1000 {
		batch.Queue("SELECT 1")
	}
	b.exec(t, "SELECT 1")
	begin = time.Now()
	if err := b.conn.SendBatch(t.Context(), &batch).Close(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < 2*oneWay || took > 500*oneWay {
		t.Errorf("a batch of 1000 took %s", took)
	}
	b.p.Delay(-1)
	b.exec(t, "SELECT 1")
}

func TestBlackHole(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.p.BlackHole(true)
	b.p.BlackHole(true)
	done := make(chan error, 1)
	go func() { done <- insert(context.Background(), b.conn) }()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if conn, err := pgx.Connect(ctx, b.p.URL()); err == nil {
		conn.Close(ctx)
		t.Error("connected through a black hole")
	}
	select {
	case err := <-done:
		t.Fatalf("something came through: %v", err)
	default:
	}
	if n := b.db.QueryInt(t, "SELECT count(*) FROM notes"); n != 0 {
		t.Errorf("%d rows arrived", n)
	}
	b.p.BlackHole(false)
	b.p.BlackHole(false)
	if err := <-done; err != nil {
		t.Errorf("after the hole: %v", err)
	}
	if n := b.db.QueryInt(t, "SELECT count(*) FROM notes"); n != 1 {
		t.Errorf("%d rows, want 1", n)
	}
}

func TestBlackHole_that_is_never_lifted_does_not_keep_the_proxy_open(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.p.BlackHole(true)
	done := make(chan error, 1)
	go func() { done <- insert(context.Background(), b.conn) }()
	b.p.Close()
	if err := <-done; err == nil {
		t.Error("no error")
	}
}

func TestResetConnections(t *testing.T) {
	t.Parallel()
	b := setup(t)
	raw, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(b.p.Port()))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	// The accepted connection is known when its bytes were counted.
	before := b.p.Counts().BytesIn
	if _, err := raw.Write([]byte{0, 0}); err != nil {
		t.Fatal(err)
	}
	for b.p.Counts().BytesIn == before {
		time.Sleep(time.Millisecond)
	}
	if n := b.p.ResetConnections(); n != 2 {
		t.Errorf("%d connections reset, want 2", n)
	}
	if _, err := io.ReadAll(raw); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client sees %v, want a reset", err)
	}
	if err := b.conn.Ping(t.Context()); err == nil {
		t.Error("a connection survived")
	}
	if err := connect(t, b.p.URL()).Ping(t.Context()); err != nil {
		t.Errorf("a new connection: %v", err)
	}
}

func TestRefuseConnections(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.p.RefuseConnections(true)
	b.p.RefuseConnections(true)
	if conn, err := pgx.Connect(t.Context(), b.p.URL()); !errors.Is(err, syscall.ECONNREFUSED) {
		if err == nil {
			conn.Close(t.Context())
		}
		t.Errorf("error %v, want a refusal", err)
	}
	if err := b.conn.Ping(t.Context()); err != nil {
		t.Errorf("the open connection: %v", err)
	}
	b.p.RefuseConnections(false)
	if err := connect(t, b.p.URL()).Ping(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
