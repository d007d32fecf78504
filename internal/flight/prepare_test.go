package flight_test

import (
	"context"
	"crypto/md5" //nolint:gosec // RADIUS has it so
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

// passwordServer wants a password from everybody but the superuser, and knows
// one user, u, with the password "old".
func passwordServer(t *testing.T) (url string, admin *flight.Conn) {
	t.Helper()
	dir, err := os.MkdirTemp("", "flight-hba-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	hba := filepath.Join(dir, "pg_hba.conf")
	rules := "local all all trust\nhost all retort all trust\nhost all all all scram-sha-256\n"
	if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(hba, []byte(rules), 0o600), os.Chmod(hba, 0o644)); err != nil {
		t.Fatal(err)
	}
	server := ownServer(t, map[string]string{"hba_file": hba})
	admin = connect(t, server.URL("postgres"))
	simple(t, admin.PgConn(), "CREATE ROLE u LOGIN PASSWORD 'old'")
	return strings.Replace(server.URL("postgres"), "retort@", "u@", 1), admin
}

func simple(t *testing.T, conn *pgconn.PgConn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql).ReadAll(); err != nil {
		t.Fatal(err)
	}
}

func TestPassword(t *testing.T) {
	t.Parallel()
	url, admin := passwordServer(t)
	tryTo := func(answers ...string) (asked int, err error) {
		c, err := flight.Connect(t.Context(), &flight.Config{Conn: parse(t, url), Password: func(context.Context) (string, error) {
			asked++
			return answers[min(asked, len(answers))-1], nil
		}})
		if err == nil {
			_ = c.Close(t.Context())
		}
		return asked, err
	}

	t.Run("is_asked_for_at_each_connection", func(t *testing.T) {
		if asked, err := tryTo("old"); asked != 1 || err != nil {
			t.Errorf("asked %d times: %v", asked, err)
		}
		simple(t, admin.PgConn(), "ALTER ROLE u PASSWORD 'new'")
		if asked, err := tryTo("new"); asked != 1 || err != nil {
			t.Errorf("asked %d times: %v", asked, err)
		}
	})
	t.Run("is_asked_for_once_more_when_it_was_changed_meanwhile", func(t *testing.T) {
		if asked, err := tryTo("old", "new"); asked != 2 || err != nil {
			t.Errorf("asked %d times: %v", asked, err)
		}
	})
	t.Run("is_tried_again_however_short_the_timeout_is", func(t *testing.T) {
		asked, answers := 0, []string{"old", "new"}
		c, err := flight.Connect(t.Context(), &flight.Config{Conn: parse(t, url), ConnectTimeout: 200 * time.Millisecond, Password: func(context.Context) (string, error) {
			asked++
			return answers[min(asked, 2)-1], nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close(t.Context())
	})
	t.Run("is_tried_twice_at_most", func(t *testing.T) {
		asked, err := tryTo("wr0ngword")
		if asked != 2 || pgerr.Code(err) != "28P01" || strings.Contains(err.Error(), "wr0ngword") {
			t.Errorf("asked %d times: %v", asked, err)
		}
	})
	t.Run("failing_keeps_its_reason", func(t *testing.T) {
		reason := errors.New("the vault is sealed")
		_, err := flight.Connect(t.Context(), &flight.Config{Conn: parse(t, url), Password: func(context.Context) (string, error) {
			return "", reason
		}})
		if _, ok := errors.AsType[*pgerr.ConnectError](err); !ok || !errors.Is(err, reason) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("failing_never_shows_it", func(t *testing.T) {
		_, err := flight.Connect(t.Context(), &flight.Config{Conn: parse(t, url), Password: func(context.Context) (string, error) {
			return "s3cretword", errors.New("s3cretword has expired")
		}})
		if err == nil || strings.Contains(err.Error(), "s3cretword") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("with_a_NUL_is_refused", func(t *testing.T) {
		if asked, err := tryTo("new\x00"); asked != 1 || err == nil || !strings.Contains(err.Error(), "NUL") {
			t.Errorf("asked %d times: %v", asked, err)
		}
	})
	t.Run("is_not_waited_for_longer_than_for_a_connection", func(t *testing.T) {
		_, err := flight.Connect(t.Context(), &flight.Config{
			Conn: parse(t, url), ConnectTimeout: 20 * time.Millisecond,
			Password: func(ctx context.Context) (string, error) { <-ctx.Done(); return "", ctx.Err() },
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// refuseRADIUS answers every request with Access-Reject, as RFC 2865 has it.
func refuseRADIUS(t *testing.T, secret string) (port string) {
	t.Helper()
	server, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		var b [4096]byte
		for {
			n, from, err := server.ReadFrom(b[:])
			if err != nil || n < 20 {
				return
			}
			answer := []byte{3, b[1], 0, 20}
			sum := md5.Sum(slices.Concat(answer, b[4:20], []byte(secret)))
			_, _ = server.WriteTo(append(answer, sum[:]...), from)
		}
	}()
	_, port, _ = net.SplitHostPort(server.LocalAddr().String())
	return port
}

func TestToken_that_another_service_refused_is_asked_for_again(t *testing.T) {
	t.Parallel()
	hba := filepath.Join(t.TempDir(), "pg_hba.conf")
	rules := "local all all trust\nhost all retort all trust\nhost all rejected all reject\n" +
		"host all all all radius radiusservers=127.0.0.1 radiusports=" + refuseRADIUS(t, "shared") + " radiussecrets=shared\n"
	if err := errors.Join(os.WriteFile(hba, []byte(rules), 0o600), os.Chmod(hba, 0o644), os.Chmod(filepath.Dir(hba), 0o755), os.Chmod(filepath.Dir(filepath.Dir(hba)), 0o755)); err != nil {
		t.Fatal(err)
	}
	server := ownServer(t, map[string]string{"hba_file": hba})
	admin := connect(t, server.URL("postgres"))
	simple(t, admin.PgConn(), "CREATE ROLE by_token LOGIN; CREATE ROLE rejected LOGIN")
	for user, want := range map[string]int{"by_token": 2, "rejected": 1} {
		asked := 0
		_, err := flight.Connect(t.Context(), &flight.Config{
			Conn:     parse(t, strings.Replace(server.URL("postgres"), "retort@", user+"@", 1)),
			Password: func(context.Context) (string, error) { asked++; return "token", nil },
		})
		if asked != want || pgerr.Code(err) != "28000" {
			t.Errorf("%s: asked %d times, want %d: %v", user, asked, want, err)
		}
	}
}

func TestAfterConnect(t *testing.T) {
	t.Parallel()
	url := things(t).URL()
	set := func(sql string) func(*flight.Config) {
		return func(cfg *flight.Config) {
			cfg.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
				_, err := conn.Exec(ctx, sql).ReadAll()
				return err
			}
		}
	}
	failing := func(t *testing.T, hook func(context.Context, *pgconn.PgConn) error) (*pgconn.PgConn, error) {
		t.Helper()
		var seen *pgconn.PgConn
		_, err := flight.Connect(t.Context(), &flight.Config{Conn: parse(t, url), AfterConnect: func(ctx context.Context, conn *pgconn.PgConn) error {
			seen = conn
			return hook(ctx, conn)
		}})
		if _, ok := errors.AsType[*pgerr.ConnectError](err); !ok {
			t.Fatalf("got %v", err)
		}
		if !seen.IsClosed() {
			t.Error("the connection is open")
		}
		return seen, err
	}

	t.Run("prepares_the_connection", func(t *testing.T) {
		t.Parallel()
		c := connect(t, url, set("SET work_mem = '5MB'"))
		var got []string
		fly(t, c, &flight.Flight{Statements: []flight.Statement{query(&got, "SHOW work_mem")}})
		if diff := cmp.Diff([]string{"5MB"}, got); diff != "" {
			t.Error(diff)
		}
		if c.Dirty() {
			t.Error("dirty from the start")
		}
	})
	t.Run("runs_again_behind_a_reset", func(t *testing.T) {
		t.Parallel()
		c := connect(t, url, set("SET work_mem = '5MB'"))
		var got []string
		fly(t, c, &flight.Flight{Statements: []flight.Statement{raw("SET work_mem = '6MB'")}})
		if err := c.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		fly(t, c, &flight.Flight{Statements: []flight.Statement{query(&got, "SHOW work_mem")}})
		if diff := cmp.Diff([]string{"5MB"}, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("failing_behind_a_reset_closes_the_connection", func(t *testing.T) {
		t.Parallel()
		runs := 0
		c := connect(t, url, func(cfg *flight.Config) {
			cfg.AfterConnect = func(context.Context, *pgconn.PgConn) error {
				if runs++; runs > 1 {
					return errors.New("not again")
				}
				return nil
			}
		})
		if err := c.Reset(t.Context()); err == nil || !c.Broken() {
			t.Errorf("broken %t: %v", c.Broken(), err)
		}
	})
	t.Run("failing_keeps_its_reason", func(t *testing.T) {
		t.Parallel()
		reason := errors.New("no such extension")
		if _, err := failing(t, func(context.Context, *pgconn.PgConn) error { return reason }); !errors.Is(err, reason) {
			t.Errorf("got %v", err)
		}
		_, err := failing(t, func(ctx context.Context, conn *pgconn.PgConn) error {
			_, err := conn.Exec(ctx, "SET nonsense = 1").ReadAll()
			return err
		})
		if pgerr.Code(err) != "42704" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("must_leave_no_transaction_open", func(t *testing.T) {
		t.Parallel()
		_, err := failing(t, func(ctx context.Context, conn *pgconn.PgConn) error {
			_, err := conn.Exec(ctx, "BEGIN").ReadAll()
			return err
		})
		if !strings.Contains(err.Error(), "transaction open") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("must_not_close_the_connection", func(t *testing.T) {
		t.Parallel()
		if _, err := failing(t, func(ctx context.Context, conn *pgconn.PgConn) error { return conn.Close(ctx) }); !strings.Contains(err.Error(), "closed") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("panicking_leaves_no_connection_behind", func(t *testing.T) {
		t.Parallel()
		var seen *pgconn.PgConn
		defer func() {
			if recover() == nil || !seen.IsClosed() {
				t.Error("the panic was swallowed, or the connection is open")
			}
		}()
		_, _ = flight.Connect(t.Context(), &flight.Config{Conn: parse(t, url), AfterConnect: func(_ context.Context, conn *pgconn.PgConn) error {
			seen = conn
			panic("hook")
		}})
	})
}

// TestNamesAreLookedUpAnew changes where a name leads between two connections.
func TestNamesAreLookedUpAnew(t *testing.T) {
	t.Parallel()
	servers := []string{strconv.Itoa(retorttest.Server(t).Port()), strconv.Itoa(ownServer(t, nil).Port())}
	cfg := parse(t, "postgres://retort@db.example.invalid:1/postgres?sslmode=disable")
	var lookups atomic.Int32
	cfg.LookupFunc = func(_ context.Context, host string) ([]string, error) {
		if host != "db.example.invalid" {
			t.Errorf("asked for %q", host)
		}
		return []string{net.JoinHostPort("127.0.0.1", servers[lookups.Add(1)-1])}, nil
	}
	for _, want := range servers {
		c, err := flight.Connect(t.Context(), &flight.Config{Conn: cfg})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close(t.Context())
		var got []string
		fly(t, c, &flight.Flight{Statements: []flight.Statement{query(&got, "SHOW port")}})
		if diff := cmp.Diff([]string{want}, got); diff != "" {
			t.Error(diff)
		}
	}
}
