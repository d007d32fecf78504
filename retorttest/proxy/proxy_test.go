package proxy_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/retorttest/proxy"
)

// bench is a database with one table, a proxy before it and a client behind.
type bench struct {
	db   *retorttest.Database
	p    *proxy.Proxy
	conn *pgx.Conn
}

func setup(t *testing.T) bench {
	t.Helper()
	db := retorttest.NewDatabase(t, retorttest.Template{})
	db.Exec(t, "CREATE TABLE notes (id int PRIMARY KEY, body text)")
	p := proxy.Start(t, db.URL())
	return bench{db, p, connect(t, p.URL())}
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func (b bench) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	if _, err := b.conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	const insert = "INSERT INTO notes VALUES ($1, $2)"
	batch := func(t *testing.T, b bench, n int) {
		t.Helper()
		var batch pgx.Batch
		for i := range n {
			batch.Queue(insert, i, "x")
		}
		if err := b.conn.SendBatch(t.Context(), &batch).Close(); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name string
		warm func(t *testing.T, b bench)
		run  func(t *testing.T, b bench)
		want int
	}{
		{"of_a_new_connection_are_none", nil, func(*testing.T, bench) {}, 0},
		{"of_a_simple_query_are_one", nil, func(t *testing.T, b bench) { b.exec(t, "SELECT 1; SELECT 2") }, 1},
		{"of_a_cold_statement_are_two", nil, func(t *testing.T, b bench) { b.exec(t, insert, 1, "a") }, 2},
		{
			"of_a_warm_statement_are_one",
			func(t *testing.T, b bench) { b.exec(t, insert, 1, "a") },
			func(t *testing.T, b bench) { b.exec(t, insert, 2, "b") },
			1,
		},
		{
			"of_three_statements_one_by_one_are_three", nil,
			func(t *testing.T, b bench) { b.exec(t, "BEGIN"); b.exec(t, "SELECT 1"); b.exec(t, "COMMIT") },
			3,
		},
		{"of_a_cold_batch_are_two", nil, func(t *testing.T, b bench) { batch(t, b, 100) }, 2},
		{
			"of_a_warm_batch_are_one",
			func(t *testing.T, b bench) { batch(t, b, 1); b.exec(t, "TRUNCATE notes") },
			func(t *testing.T, b bench) { batch(t, b, 1000) },
			1,
		},
		{"of_an_error_are_one", nil, func(t *testing.T, b bench) {
			if _, err := b.conn.Exec(t.Context(), "SELECT 1/0"); err == nil {
				t.Error("no error")
			}
		}, 1},
		{"of_a_failed_prepare_are_one", nil, func(t *testing.T, b bench) {
			if _, err := b.conn.Exec(t.Context(), "SELECT $1 FROM nowhere", 1); err == nil {
				t.Error("no error")
			}
		}, 1},
		{"of_copy_are_its_prepare_and_itself", nil, func(t *testing.T, b bench) {
			rows := [][]any{{1, "a"}, {2, "b"}}
			if _, err := b.conn.CopyFrom(t.Context(), pgx.Identifier{"notes"}, []string{"id", "body"}, pgx.CopyFromRows(rows)); err != nil {
				t.Fatal(err)
			}
		}, 2},
		{"of_a_32_megabyte_value_are_one", nil, func(t *testing.T, b bench) {
			var n int
			if err := b.conn.QueryRow(t.Context(), "SELECT length($1::text)", pgx.QueryExecModeExec, strings.Repeat("x", 32<<20)).Scan(&n); err != nil || n != 32<<20 {
				t.Errorf("%d bytes arrived, %v", n, err)
			}
		}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			if tt.warm != nil {
				tt.warm(t, b)
			}
			b.p.Reset()
			tt.run(t, b)
			if got := b.p.RoundTrips(); got != tt.want {
				t.Errorf("%d round trips, want %d; statements %q", got, tt.want, b.p.Statements())
			}
		})
	}
}

// A flight has several Sync groups, and the server answers the first before
// the client has sent the last: it must be one trip every time.
func TestRoundTrips_of_a_flight_with_two_syncs_are_one(t *testing.T) {
	t.Parallel()
	b := setup(t)
	pc := b.conn.PgConn()
	prepare := func(name, sql string) {
		t.Helper()
		if _, err := pc.Prepare(t.Context(), name, sql, nil); err != nil {
			t.Fatal(err)
		}
	}
	prepare("begin", "BEGIN")
	prepare("insert", "INSERT INTO notes VALUES ($1::int, $2) ON CONFLICT (id) DO UPDATE SET body = excluded.body")
	prepare("commit", "COMMIT")
	body := []byte(strings.Repeat("x", 300<<10)) // more than a socket's buffer
	const flights = 200
	b.p.Reset()
	for i := range flights {
		if i > 20 {
			body = []byte("small")
		}
		flight(t, pc, func(pl *pgconn.Pipeline) {
			pl.SendQueryPrepared("begin", nil, nil, nil)
			pl.SendPipelineSync()
			pl.SendQueryPrepared("insert", [][]byte{[]byte("1"), body}, nil, nil)
			pl.SendPipelineSync()
			pl.SendQueryPrepared("commit", nil, nil, nil)
		})
	}
	if got := b.p.RoundTrips(); got != flights {
		t.Errorf("%d round trips, want %d", got, flights)
	}
	if got := b.p.Counts().Syncs; got != 3*flights {
		t.Errorf("%d Syncs, want %d", got, 3*flights)
	}
}

// flight sends what fill queues, in one write, and reads all results.
func flight(t *testing.T, pc *pgconn.PgConn, fill func(*pgconn.Pipeline)) {
	t.Helper()
	pl := pc.StartPipeline(t.Context())
	fill(pl)
	if err := pl.Sync(); err != nil {
		t.Fatal(err)
	}
	for {
		r, err := pl.GetResults()
		if err != nil {
			t.Fatal(err)
		}
		if r == nil {
			break
		}
		if rr, ok := r.(*pgconn.ResultReader); ok {
			if _, err := rr.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := pl.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.exec(t, "INSERT INTO notes VALUES ($1, $2)", 1, "a")
	b.exec(t, "INSERT INTO notes VALUES ($1, $2)", 2, "b")
	b.exec(t, "SELECT id FROM notes")
	const insert, query = "INSERT INTO notes VALUES ($1, $2)", "SELECT id FROM notes"

	if diff := cmp.Diff([]string{insert, query}, b.p.Statements()); diff != "" {
		t.Errorf("statements (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{insert, insert, query}, b.p.Executions()); diff != "" {
		t.Errorf("executions (-want +got):\n%s", diff)
	}
	got := b.p.Counts()
	if got.BytesIn < 200 || got.BytesOut < 200 {
		t.Errorf("%d bytes in, %d out", got.BytesIn, got.BytesOut)
	}
	got.BytesIn, got.BytesOut = 0, 0
	want := proxy.Counts{
		RoundTrips: 4, Accepted: 1, Connections: 1, Peak: 1, Syncs: 3, Parses: 1, Binds: 2, Queries: 1,
		Frontend: map[byte]int{'P': 1, 'D': 3, 'B': 2, 'E': 2, 'S': 3, 'Q': 1},
		Backend:  map[byte]int{'1': 1, 't': 1, 'n': 3, '2': 2, 'C': 3, 'Z': 4, 'T': 1, 'D': 2},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}

	b.p.Reset()
	empty := proxy.Counts{Peak: 1, Frontend: map[byte]int{}, Backend: map[byte]int{}}
	if diff := cmp.Diff(empty, b.p.Counts()); diff != "" {
		t.Errorf("after Reset (-want +got):\n%s", diff)
	}
	b.exec(t, "INSERT INTO notes VALUES ($1, $2)", 3, "c")
	if diff := cmp.Diff([]string{insert}, b.p.Executions()); diff != "" {
		t.Errorf("a statement prepared before Reset is not named (-want +got):\n%s", diff)
	}
}

func TestProxy(t *testing.T) {
	t.Parallel()
	t.Run("declines_encryption_and_serves_plainly", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		conn := connect(t, strings.Replace(b.p.URL(), "sslmode=disable", "sslmode=prefer", 1))
		if err := conn.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("forwards_cancel_requests", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		done := make(chan error, 1)
		go func() {
			_, err := b.conn.Exec(context.Background(), "SELECT pg_sleep(60)")
			done <- err
		}()
		for b.db.QueryInt(t, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()") == 0 {
			time.Sleep(5 * time.Millisecond)
		}
		if err := b.conn.PgConn().CancelRequest(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err == nil || !strings.Contains(err.Error(), "57014") {
			t.Errorf("the query ended with %v", err)
		}
		if got := b.p.Counts(); got.Cancels != 1 || got.Connections != 1 {
			t.Errorf("%d cancels, %d connections", got.Cancels, got.Connections)
		}
	})
	t.Run("stands_before_a_unix_socket", func(t *testing.T) {
		t.Parallel()
		db := retorttest.NewDatabase(t, retorttest.Template{})
		p := proxy.Start(t, retorttest.Server(t).SocketURL(db.Name()))
		var name string
		if err := connect(t, p.URL()).QueryRow(t.Context(), "SELECT current_database()").Scan(&name); err != nil || name != db.Name() {
			t.Errorf("%q, %v", name, err)
		}
	})
	t.Run("takes_a_keyword_connection_string", func(t *testing.T) {
		t.Parallel()
		db := retorttest.NewDatabase(t, retorttest.Template{})
		cfg, err := pgconn.ParseConfig(db.URL())
		if err != nil {
			t.Fatal(err)
		}
		p := proxy.Start(t, strings.Join([]string{
			"host=127.0.0.1 user=retort password='a b@/' dbname=", db.Name(), " port=", retorttestPort(cfg),
		}, ""))
		if err := connect(t, p.URL()).Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("keeps_user_password_and_settings_in_its_URL", func(t *testing.T) {
		t.Parallel()
		p := proxy.Start(t, "postgresql://ada:p%40ss@db.example:5433/shop?application_name=x&sslmode=verify-full")
		if want := "postgresql://ada:p%40ss@127.0.0.1:"; !strings.HasPrefix(p.URL(), want) {
			t.Errorf("URL %s, want it to begin with %s", p.URL(), want)
		}
		if want := "/shop?application_name=x&sslmode=disable"; !strings.HasSuffix(p.URL(), want) {
			t.Errorf("URL %s, want it to end with %s", p.URL(), want)
		}
	})
	t.Run("closes_the_client_when_the_server_is_not_there", func(t *testing.T) {
		t.Parallel()
		p := proxy.Start(t, "postgres://retort@127.0.0.1:1/x?sslmode=disable")
		if conn, err := pgx.Connect(t.Context(), p.URL()); err == nil {
			conn.Close(t.Context())
			t.Error("connected")
		}
	})
	t.Run("closes_twice", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.p.Close()
		b.p.Close()
		if err := b.conn.Ping(t.Context()); err == nil {
			t.Error("a connection outlived the proxy")
		}
	})
}
