package retort_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/retorttest/proxy"
)

// Note belongs to a tenant.
type Note struct {
	retort.UUIDKey
	Tenant string
	Text   string
}

var (
	Notes   = retort.NewTable[Note]("notes")
	tenancy = retort.NewBase(Notes)
)

// newTenancy is a database whose notes are guarded by row-level security; tenant
// gives the options of a tenant's transactions. What hands out connections is a
// superuser, whom only another role is held to the policy.
func newTenancy(t *testing.T) (b bench, tenant func(string) retort.TxOptions) {
	t.Helper()
	seen := &recorder{}
	b = bench{retorttest.New(t, tenancy, func(c *retort.Config) {
		c.Observer, c.PoolSize, c.MaxOverflow = seen, 1, 0 // one connection: what leaks is seen
	}), seen}
	role := "app_" + b.Name()
	b.Exec(t, fmt.Sprintf(`CREATE ROLE %q`, role))
	t.Cleanup(func() { b.Exec(t, fmt.Sprintf(`DROP OWNED BY %q`, role)); b.Exec(t, fmt.Sprintf(`DROP ROLE %q`, role)) })
	b.Exec(t, fmt.Sprintf(`GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO %q`, role))
	b.Exec(t, `ALTER TABLE notes ENABLE ROW LEVEL SECURITY`)
	b.Exec(t, `CREATE POLICY tenant ON notes USING (tenant = nullif(current_setting('app.tenant', true), ''))`)
	return b, func(name string) retort.TxOptions {
		return retort.TxOptions{Role: role, Settings: map[string]string{"app.tenant": name}}
	}
}

// settings reads some of the connection's settings past the engine's sessions.
func settings(t *testing.T, eng *retort.Engine) string {
	t.Helper()
	s := eng.Session()
	defer s.Close(t.Context())
	const sql = `SELECT concat_ws(' ', current_user = session_user, coalesce(current_setting('app.tenant', true), ''),
		current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'))`
	got, err := retort.SQL[string](sql).ReadOnly().One(t.Context(), s)
	must(t, err)
	return got
}

func TestSettings(t *testing.T) {
	t.Parallel()
	ctx := t.Context()

	t.Run("row_level_security_keeps_tenants_apart", func(t *testing.T) {
		t.Parallel()
		b, tenant := newTenancy(t)
		kept := map[string]*Note{}
		for _, name := range []string{"acme", "o'neill\\ \"é\""} {
			kept[name] = &Note{Tenant: name, Text: "of " + name}
			s := b.session(t, tenant(name))
			s.Add(kept[name])
			must(t, s.Commit(ctx))
		}
		for name := range kept {
			s := b.session(t, tenant(name))
			notes, err := Notes.Query().All(ctx, s)
			must(t, err)
			if len(notes) != 1 || notes[0].Tenant != name {
				t.Errorf("%s sees %d notes", name, len(notes))
			}
			for other, note := range kept {
				if other == name {
					continue
				}
				_, err := Notes.Get(ctx, s, note.ID)
				wantErr(t, err, retort.ErrNotFound)
				n, err := s.Exec(ctx, "UPDATE notes SET text = 'stolen' WHERE id = $1", note.ID)
				must(t, err)
				if n != 0 {
					t.Errorf("%s changed a note of %s", name, other)
				}
			}
			s.Add(&Note{Tenant: "another", Text: "forged"})
			if err := s.Commit(ctx); pgerr.Code(err) != "42501" {
				t.Errorf("%s wrote for another tenant: %v", name, err)
			}
			must(t, s.Rollback(ctx))
		}
		// The control: without the policy's settings everything is seen.
		s := b.session(t)
		if n, err := Notes.Query().Count(ctx, s); err != nil || n != 2 {
			t.Errorf("the owner sees %d notes (%v)", n, err)
		}
		b.idle(t)
	})
	t.Run("a_read_is_one_trip_and_holds_nothing", func(t *testing.T) {
		t.Parallel()
		b, tenant := newTenancy(t)
		b.Exec(t, "INSERT INTO notes SELECT gen_random_uuid(), 'acme', 'x' FROM generate_series(1, 3)")
		s := b.session(t, tenant("acme"))
		var last retort.FlightInfo
		byTrip := func(want int, f func()) {
			t.Helper()
			b.seen.take()
			f()
			flights := b.seen.take()
			if len(flights) != want {
				t.Errorf("%d round trips, want %d", len(flights), want)
			}
			b.idle(t) // what ran raw SQL is reset behind our back
			last = flights[0]
		}
		byTrip(1, func() {
			notes, err := Notes.Query().All(ctx, s)
			must(t, err)
			if len(notes) != 3 {
				t.Errorf("%d notes", len(notes))
			}
		})
		want := []string{"BEGIN", "SELECT set_config($1, $2, true), set_config($3, $4, true)", "COMMIT"}
		_, set, _ := strings.Cut(last.Settings, "*/ ")
		_, end, _ := strings.Cut(last.Statements[len(last.Statements)-1], "*/ ")
		if diff := cmp.Diff(want, []string{last.Begin, set, end}); diff != "" {
			t.Error(diff)
		}
		byTrip(1, func() {
			n, err := retort.SQL[int64]("SELECT count(*) FROM notes").ReadOnly().One(ctx, s)
			must(t, err)
			if n != 3 {
				t.Errorf("raw SQL counts %d", n)
			}
		})
		byTrip(1, func() {
			seen := 0
			for _, err := range Notes.Query().Iter(ctx, s) {
				must(t, err)
				if seen++; seen == 2 {
					break
				}
			}
		})
		byTrip(2, func() { // with ROLLBACK
			_, err := retort.SQL[int64]("SELECT 1/(count(*)-count(*)) FROM notes").ReadOnly().One(ctx, s)
			if pgerr.Code(err) != "22012" {
				t.Errorf("got %v", err)
			}
		})
		// and the session is well after a read that failed
		byTrip(1, func() { s.Add(&Note{Tenant: "acme"}); must(t, s.Commit(ctx)) })
	})
	t.Run("nothing_reaches_the_next_user_of_the_connection", func(t *testing.T) {
		t.Parallel()
		b, tenant := newTenancy(t)
		before := settings(t, b.Engine)
		opts := tenant("acme")
		opts.StatementTimeout, opts.LockTimeout, opts.IdleTimeout = 5*time.Second, 1500*time.Millisecond, time.Minute
		for name, end := range map[string]func(s *retort.Session) error{
			"commit":   func(s *retort.Session) error { return s.Commit(ctx) },
			"rollback": func(s *retort.Session) error { return s.Rollback(ctx) },
			"close":    func(s *retort.Session) error { return s.Close(ctx) },
			"failure": func(s *retort.Session) error {
				if _, err := s.Exec(ctx, "SELECT 1/0"); err == nil {
					t.Error("no error")
				}
				return s.Close(ctx)
			},
			"only a read": func(s *retort.Session) error {
				_, err := Notes.Query().All(ctx, s)
				return err
			},
		} {
			s := b.session(t, opts)
			s.Add(&Note{Tenant: "acme", Text: name})
			if name == "only a read" {
				must(t, s.Rollback(ctx))
			} else {
				must(t, s.Flush(ctx))
				within, err := retort.SQL[string](`SELECT concat_ws(' ', current_user <> session_user, current_setting('app.tenant'),
					current_setting('statement_timeout'), current_setting('lock_timeout'), current_setting('idle_in_transaction_session_timeout'))`).One(ctx, s)
				must(t, err)
				if within != "t acme 5s 1500ms 1min" {
					t.Errorf("inside: %q", within)
				}
			}
			must(t, end(s))
			if got := settings(t, b.Engine); got != before {
				t.Errorf("after %s: %q, want %q", name, got, before)
			}
		}
	})
	t.Run("they_hold_in_every_transaction_of_the_session_and_after_a_resend", func(t *testing.T) {
		t.Parallel()
		b, tenant := newTenancy(t)
		s := b.session(t, tenant("acme"))
		for range 3 {
			s.Add(&Note{Tenant: "acme"})
			must(t, s.Commit(ctx))
		}
		b.Proxy.CutBefore(proxy.Backend('D'))
		notes, err := Notes.Query().All(ctx, s)
		must(t, err)
		if len(notes) != 3 {
			t.Errorf("%d notes", len(notes))
		}
		s.Add(&Note{Tenant: "acme"})
		tx, err := s.Pgx(ctx)
		must(t, err)
		var n int
		must(t, tx.QueryRow(ctx, "SELECT count(*) FROM notes").Scan(&n))
		if n != 4 {
			t.Errorf("pgx sees %d notes", n)
		}
		must(t, s.Rollback(ctx))
		b.idle(t)
	})
	t.Run("a_lock_is_waited_for_as_long_as_told", func(t *testing.T) {
		t.Parallel()
		b, tenant := newTenancy(t)
		b.Exec(t, "INSERT INTO notes VALUES (gen_random_uuid(), 'acme', 'x')")
		holder := b.Conn(t)
		tx, err := holder.Begin(ctx)
		must(t, err)
		_, err = tx.Exec(ctx, "UPDATE notes SET text = 'held'")
		must(t, err)
		opts := tenant("acme")
		opts.LockTimeout = time.Millisecond
		s := b.session(t, opts)
		_, err = s.Exec(ctx, "UPDATE notes SET text = 'mine'")
		if pgerr.KindOf(err) != pgerr.LockNotAvailable {
			t.Errorf("got %v", err)
		}
		opts = tenant("acme")
		opts.StatementTimeout = time.Millisecond
		_, err = retort.SQL[string]("SELECT pg_sleep(20)::text").ReadOnly().One(ctx, b.session(t, opts))
		if pgerr.KindOf(err) != pgerr.QueryCanceled {
			t.Errorf("got %v", err)
		}
		must(t, tx.Rollback(ctx))
	})
	t.Run("an_idle_transaction_is_ended_by_the_server", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{IdleTimeout: 20 * time.Millisecond}, func(ctx context.Context, s *retort.Session) (any, error) {
			s.Add(&Counter{Name: "lost"})
			must(t, s.Flush(ctx))
			waitFor(t, "the server ends the transaction", func() bool {
				return b.QueryInt(t, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'") == 0
			})
			return nil, nil
		})
		if err == nil || b.QueryInt(t, "SELECT count(*) FROM counters") != 0 {
			t.Errorf("committed: %v", err)
		}
		b.idle(t)
	})
}

// Settings that cannot be are told by name, before anything is sent or by the
// server; never with their value.
func TestSettings_that_cannot_be(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	many := map[string]string{}
	for i := range 101 {
		many[fmt.Sprint("app.s", i)] = "x"
	}
	for want, opts := range map[string]retort.TxOptions{
		"without a name":                      {Settings: map[string]string{"": "s3cret"}},
		"TxOptions.Role":                      {Settings: map[string]string{"ROLE": "s3cret"}},
		"TxOptions.Isolation":                 {Settings: map[string]string{"transaction_isolation": "s3cret"}},
		"Retort's own":                        {Settings: map[string]string{"Retort.stale_row": "s3cret"}},
		`the value of "app.x" has a NUL`:      {Settings: map[string]string{"app.x": "s3cret\x00"}},
		"a name has a NUL or invalid":         {Settings: map[string]string{"app.\xff": "s3cret"}},
		"Role has a NUL":                      {Role: "s3cret\x00"},
		`"none" is the way back`:              {Role: "none"},
		"LockTimeout is 1µs":                  {LockTimeout: time.Microsecond},
		"StatementTimeout is -1s":             {StatementTimeout: -time.Second},
		"IdleTimeout is 2400h0m0s":            {IdleTimeout: 2400 * time.Hour},
		`"lock_timeout" in Settings, too`:     {LockTimeout: time.Second, Settings: map[string]string{"lock_timeout": "s3cret"}},
		`LockTimeout is given, and "lock_t`:   {LockTimeout: time.Second, Settings: map[string]string{"Lock_Timeout": "s3cret"}},
		`"App.x" and "app.x" are one setting`: {Settings: map[string]string{"app.x": "s3cret", "App.x": "s3cret"}},
		"101 settings; give at most 100":      {Settings: many},
		"(role) was refused":                  {Role: "nobody_has_this_name"},
		"(no_such_setting) was refused":       {Settings: map[string]string{"no_such_setting": "s3cret"}},
		"(app.x, statement_timeout) was ref":  {Settings: map[string]string{"app.x": "s3cret", "statement_timeout": "s3cret"}},
	} {
		s := b.session(t, opts)
		s.Add(&Counter{Name: "never"})
		err := s.Commit(ctx)
		wantErr(t, err, nil, want)
		if strings.Contains(err.Error(), "s3cret") || errors.Is(err, retort.ErrStale) {
			t.Errorf("tells a value, or passes for something else: %v", err)
		}
		_, err = Counters.Query().Count(ctx, s)
		wantErr(t, err, nil, want)
		must(t, s.Close(ctx))
	}
	if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 0 {
		t.Errorf("%d rows", n)
	}
	b.idle(t)
}

func TestSettings_are_echoed_and_traced(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	b := newBench(t, func(c *retort.Config) {
		c.Echo, c.EchoParams, c.Logger = true, true, slog.New(slog.NewTextHandler(&log, nil))
	})
	s := b.session(t, retort.TxOptions{Settings: map[string]string{"app.tenant": "acme"}})
	s.Add(&Counter{Name: "a"})
	must(t, s.Commit(t.Context()))
	text := log.String()
	begin, set, insert := strings.Index(text, "msg=BEGIN"), strings.Index(text, "set_config"), strings.Index(text, "INSERT")
	if begin < 0 || set < begin || insert < set || !strings.Contains(text, `params="[app.tenant acme]"`) {
		t.Errorf("echo:\n%s", text)
	}
}
