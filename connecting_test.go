package retort_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/retorttest"
)

// serverWith is a server of the test's own.
func serverWith(t *testing.T, settings map[string]string) *localpg.Server {
	t.Helper()
	server, err := localpg.Start(t.Context(), localpg.Config{Settings: settings})
	must(t, err)
	t.Cleanup(func() { must(t, server.Stop(context.Background())) })
	return server
}

// ask runs a query for one text on a session of its own.
func ask(ctx context.Context, eng *retort.Engine, sql string) (string, error) {
	s := eng.Session()
	defer s.Close(context.WithoutCancel(ctx))
	return retort.SQL[string](sql).ReadOnly().One(ctx, s)
}

// TestRotation changes the password again and again while connections come and go.
func TestRotation(t *testing.T) {
	t.Parallel()
	files := newFiles(t)
	server := serverWith(t, map[string]string{"hba_file": files.write("hba", "local all all trust\nhost all retort all trust\nhost all all all scram-sha-256\n")})
	admin := open(t, retort.Config{URL: server.URL("postgres")})
	exec := func(sql string) {
		t.Helper()
		s := admin.Session()
		defer s.Close(context.Background())
		_, err := s.Exec(t.Context(), sql)
		must(t, errors.Join(err, s.Commit(t.Context())))
	}
	exec("CREATE ROLE app LOGIN PASSWORD 'word-0'")

	var vault atomic.Pointer[string]
	store := func(word string) { vault.Store(&word) }
	store("word-0")
	var asked atomic.Int64
	eng := open(t, retort.Config{
		URL:      strings.Replace(server.URL("postgres"), "retort@", "app@", 1),
		PoolSize: 4, Recycle: time.Millisecond, // nearly every request on a new connection
		PasswordFunc: func(context.Context) (string, error) {
			asked.Add(1)
			return *vault.Load(), nil
		},
	})
	ctx, cancel := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	var requests, failed atomic.Int64
	for range 4 {
		clients.Go(func() {
			for ctx.Err() == nil {
				time.Sleep(2 * time.Millisecond) // older than Recycle by now
				requests.Add(1)
				if _, err := ask(t.Context(), eng, "SELECT current_user::text"); err != nil {
					failed.Add(1)
					t.Log(err)
				}
			}
		})
	}
	for i := range 4 {
		word := fmt.Sprintf("word-%d", i+1)
		store(word) // the store first, as rotation goes, the server a moment later
		exec("ALTER ROLE app PASSWORD '" + word + "'")
		for seen := requests.Load(); requests.Load() < seen+20; { // the clients meet each password
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(600 * time.Millisecond) // rotations are further apart than two attempts to connect
	}
	cancel()
	clients.Wait()
	if failed.Load() != 0 {
		t.Errorf("%d of %d requests failed", failed.Load(), requests.Load())
	}
	if asked.Load() < 20 {
		t.Errorf("the password was asked for %d times in %d requests: connections were not renewed", asked.Load(), requests.Load())
	}
}

func TestPasswordFunc(t *testing.T) {
	t.Parallel()
	k := retorttest.NewDatabase(t, retorttest.Template{})

	t.Run("is_asked_only_when_something_connects", func(t *testing.T) {
		t.Parallel()
		var asked atomic.Int64
		eng := open(t, retort.Config{URL: k.URL(), PasswordFunc: func(context.Context) (string, error) {
			asked.Add(1)
			return "any", nil
		}})
		if asked.Load() != 0 {
			t.Error("Open asked for it")
		}
		must(t, eng.Ping(t.Context()))
		must(t, eng.Ping(t.Context()))
		if asked.Load() != 1 {
			t.Errorf("asked %d times for one connection", asked.Load())
		}
	})
	t.Run("never_shows_what_it_gave", func(t *testing.T) {
		t.Parallel()
		for _, raw := range []string{
			"postgres://u@127.0.0.1:1/x", strings.Replace(k.URL(), "retort@", "nobody@", 1), strings.Replace(k.URL(), k.Name(), "none", 1),
			k.URL() + "&options=-c%20nonsense%3D1",
		} {
			for _, broken := range []error{nil, errors.New("the token " + canary + " has expired")} {
				out := everyPrint(t.Context(), retort.Config{URL: raw, PasswordFunc: func(context.Context) (string, error) { return canary, broken }})
				if strings.Contains(out, canary) {
					t.Errorf("%s: the password is seen: %s", raw, out)
				}
			}
		}
	})
	t.Run("does_not_go_with_a_password_in_the_URL", func(t *testing.T) {
		t.Parallel()
		text := openError(t, retort.Config{
			URL:          "postgres://u:" + canary + "@h/x",
			PasswordFunc: func(context.Context) (string, error) { return "", nil },
		})
		if !strings.Contains(text, "Config.PasswordFunc") || strings.Contains(text, canary) {
			t.Errorf("got %s", text)
		}
	})
	t.Run("panicking_fails_the_request_alone", func(t *testing.T) {
		t.Parallel()
		first := true
		eng := open(t, retort.Config{URL: k.URL(), PasswordFunc: func(context.Context) (string, error) {
			if first {
				first = false
				panic("no vault")
			}
			return "", nil
		}})
		if err := eng.Ping(t.Context()); err == nil {
			t.Error("no error")
		}
		must(t, eng.Ping(t.Context()))
	})
}

// TestAfterConnectHolds whatever raw SQL did to the connection before.
func TestAfterConnectHolds(t *testing.T) {
	t.Parallel()
	k := retorttest.NewDatabase(t, retorttest.Template{})
	eng := open(t, retort.Config{
		URL: k.URL(), PoolSize: 1,
		AfterConnect: func(ctx context.Context, conn *pgconn.PgConn) error {
			_, err := conn.Exec(ctx, "SET search_path = shelf, public; SET work_mem = '5MB'").ReadAll()
			return err
		},
	})
	for range 3 {
		got, err := ask(t.Context(), eng, "SELECT current_setting('work_mem') || ' ' || current_setting('search_path')")
		must(t, err)
		if got != "5MB shelf, public" {
			t.Errorf("got %q", got)
		}
		s := eng.Session()
		_, err = s.Exec(t.Context(), "SET work_mem = '9MB'")
		must(t, err)
		must(t, s.Commit(t.Context()))
		must(t, s.Close(t.Context()))
	}
	if text := openError(t, retort.Config{
		URL: k.URL(), Pooler: true, AfterConnect: func(context.Context, *pgconn.PgConn) error { return nil },
	}); !strings.Contains(text, "Config.AfterConnect") || !strings.Contains(text, "ALTER ROLE") {
		t.Errorf("got %s", text)
	}
}

// TestAddressChanges moves the name to another server and kills the first: the
// next request goes to the new address.
func TestAddressChanges(t *testing.T) {
	t.Parallel()
	before, after := serverWith(t, nil), serverWith(t, nil)
	var address atomic.Pointer[string]
	point := func(s *localpg.Server) {
		a := net.JoinHostPort("127.0.0.1", fmt.Sprint(s.Port()))
		address.Store(&a)
	}
	point(before)
	eng := open(t, retort.Config{URL: "postgres://retort@db.example.invalid/postgres?sslmode=disable", PoolSize: 2})
	retort.LookUpBy(eng, func(context.Context, string) ([]string, error) { return []string{*address.Load()}, nil })
	for _, s := range []*localpg.Server{before, after} {
		got, err := ask(t.Context(), eng, "SHOW port")
		must(t, err)
		if want := fmt.Sprint(s.Port()); got != want {
			t.Errorf("connected to port %s, want %s", got, want)
		}
		if s == before {
			point(after)
			must(t, before.Stop(t.Context()))
		}
	}
}

// TestTargetSessionAttrs picks the server that takes writes among two.
func TestTargetSessionAttrs(t *testing.T) {
	t.Parallel()
	reader := serverWith(t, map[string]string{"default_transaction_read_only": "on"})
	writer := retorttest.Server(t)
	hosts := fmt.Sprintf("127.0.0.1:%d,127.0.0.1:%d", reader.Port(), writer.Port())
	for attrs, want := range map[string]*localpg.Server{
		"any": reader, "read-write": writer, "read-only": reader, "primary": reader,
	} {
		for _, raw := range []string{
			"postgres://retort@" + hosts + "/postgres?sslmode=disable&target_session_attrs=" + attrs,
			fmt.Sprintf("host=127.0.0.1,127.0.0.1 port=%d,%d user=retort dbname=postgres target_session_attrs=%s", reader.Port(), writer.Port(), attrs),
		} {
			got, err := ask(t.Context(), open(t, retort.Config{URL: raw}), "SHOW port")
			must(t, err)
			if got != fmt.Sprint(want.Port()) {
				t.Errorf("%s: connected to port %s, want %d", raw, got, want.Port())
			}
		}
	}
	u, err := url.Parse(reader.URL("postgres"))
	must(t, err)
	q := u.Query()
	q.Set("target_session_attrs", "read-write")
	u.RawQuery = q.Encode()
	if err := open(t, retort.Config{URL: u.String()}).Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "read only") {
		t.Errorf("nobody takes writes: got %v", err)
	}
}

// By default a connection is tried with TLS first. That a server without TLS
// refuses that is not why the connection failed.
func TestConnecting_to_a_server_without_TLS_names_the_true_cause(t *testing.T) {
	t.Parallel()
	server := retorttest.Server(t)
	for query, want := range map[string]bool{"": false, "?sslmode=prefer": false, "?sslmode=allow": false, "?sslmode=require": true} {
		raw := fmt.Sprintf("postgres://retort@127.0.0.1:%d/nowhere%s", server.Port(), query)
		_, err := ask(t.Context(), open(t, retort.Config{URL: raw}), "SELECT 1")
		if err == nil || strings.Contains(err.Error(), "refused TLS") != want || strings.Contains(err.Error(), "3D000") == want {
			t.Errorf("%q: %v", query, err)
		}
	}
}
