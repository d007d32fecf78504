package doctor_test

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/doctor"
	"github.com/retort-go/retort/retorttest"
)

func TestMain(m *testing.M) { retorttest.Main(m) }

// examine opens an engine on db and examines it.
func examine(t *testing.T, db *retorttest.Database, opts doctor.Options, change ...func(*retort.Config)) doctor.Report {
	t.Helper()
	cfg := retort.Config{URL: db.URL(), PoolSize: 2, MaxOverflow: 1}
	for _, f := range change {
		f(&cfg)
	}
	eng, err := retort.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer eng.Close(t.Context())
	report, err := doctor.Examine(t.Context(), eng, opts)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// about are the findings of one kind, as lines.
func about(r doctor.Report, kind string) []string {
	var lines []string
	for _, f := range r.Findings {
		if f.About == kind {
			lines = append(lines, f.String())
		}
	}
	return lines
}

// want fails the test unless a finding begins and goes on like that.
func want(t *testing.T, r doctor.Report, kind, begin string, words ...string) {
	t.Helper()
	for _, line := range about(r, kind) {
		fits := strings.HasPrefix(line, begin)
		for _, w := range words {
			fits = fits && strings.Contains(line, w)
		}
		if fits {
			return
		}
	}
	t.Errorf("no %q with %q among\n%s", begin, words, strings.Join(about(r, kind), "\n"))
}

func limited(c *retort.Config) {
	c.StatementTimeout, c.LockTimeout, c.IdleTransactionTimeout = 30*time.Second, 5*time.Second, time.Minute
}

func TestExamine(t *testing.T) {
	t.Parallel()

	t.Run("what_is_well_is_said_once_and_needs_nothing", func(t *testing.T) {
		t.Parallel()
		db := retorttest.NewDatabase(t, retorttest.Template{})
		r := examine(t, db, doctor.Options{}, limited)
		if !r.OK {
			t.Error("not OK")
		}
		want(t, r, "server", "ok: server: PostgreSQL ", "database "+db.Name(), "UTF8")
		want(t, r, "connections", "ok: connections: 1 × (2 + 1): pods × (size + overflow) open up to 3 connections")
		for _, kind := range []string{"writing", "pooler", "encryption", "timeouts", "blocking", "prepared", "indexes", "constraints"} {
			if lines := about(r, kind); len(lines) != 1 || !strings.HasPrefix(lines[0], "ok: ") {
				t.Errorf("%s: %q", kind, lines)
			}
		}
		for _, f := range r.Findings {
			if f.Text == "" || f.State != doctor.OK && f.Do == "" {
				t.Errorf("a finding without a remedy: %+v", f)
			}
		}
	})
	t.Run("limits_that_are_off_are_warned_of_one_by_one", func(t *testing.T) {
		t.Parallel()
		r := examine(t, retorttest.NewDatabase(t, retorttest.Template{}), doctor.Options{}, func(c *retort.Config) { c.LockTimeout = time.Second })
		if !r.OK {
			t.Error("a warning is taken for wrong")
		}
		want(t, r, "timeouts", "note: timeouts: statement_timeout is off", "Config.StatementTimeout")
		want(t, r, "timeouts", "note: timeouts: idle_in_transaction_session_timeout is off", "Config.IdleTransactionTimeout")
		if lines := about(r, "timeouts"); len(lines) != 3 || !strings.Contains(lines[0], "lock_timeout 1s") {
			t.Errorf("%q", lines)
		}
	})
	t.Run("limits_of_transactions_behind_a_pooler_count", func(t *testing.T) {
		t.Parallel()
		r := examine(t, retorttest.NewDatabase(t, retorttest.Template{}), doctor.Options{}, limited, func(c *retort.Config) { c.Pooler = true })
		if lines := about(r, "timeouts"); len(lines) != 1 {
			t.Errorf("%q", lines)
		}
		want(t, r, "pooler", "note: pooler: Config.Pooler is on, and PostgreSQL itself answers", "turn it off")
		want(t, r, "connections", "note: connections: 1 × (2 + 1)", "ask the pooler for up to 3", "max_client_conn", "default_pool_size")
	})
	t.Run("more_connections_than_the_server_has_are_wrong", func(t *testing.T) {
		t.Parallel()
		db := retorttest.NewDatabase(t, retorttest.Template{})
		most := int(db.QueryInt(t, "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"))
		enough := func(c *retort.Config) { c.PoolSize, c.MaxOverflow = most/2, 0 }
		if r := examine(t, db, doctor.Options{Pods: 2}, enough); !r.OK {
			t.Errorf("just enough: %q", about(r, "connections"))
		}
		r := examine(t, db, doctor.Options{Pods: 3}, enough)
		if r.OK {
			t.Error("OK")
		}
		want(t, r, "connections", "wrong: connections: 3 × (", "max_connections is ", "PoolSize and MaxOverflow together at most ")
		r = examine(t, db, doctor.Options{Pods: 100000}, enough)
		want(t, r, "connections", "wrong: connections: 100000 × (", "fewer processes")
		r = examine(t, db, doctor.Options{}, func(c *retort.Config) { c.MaxOverflow = -1 })
		want(t, r, "connections", "wrong: connections: the pool has no limit", "Config.PoolSize")
	})
	t.Run("a_limit_of_the_role_counts", func(t *testing.T) {
		t.Parallel()
		db := retorttest.NewDatabase(t, retorttest.Template{})
		role := "doctor_" + db.Name()
		db.Exec(t, `CREATE ROLE "`+role+`" LOGIN CONNECTION LIMIT 2`)
		t.Cleanup(func() { db.Exec(t, `DROP ROLE "`+role+`"`) })
		u, err := url.Parse(db.URL())
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.User(role)
		r := examine(t, db, doctor.Options{}, func(c *retort.Config) { c.URL = u.String() })
		want(t, r, "connections", "wrong: connections: 1 × (2 + 1)", "the role may have 2 (CONNECTION LIMIT)")
		want(t, r, "role", "ok: role: "+role)
	})
	t.Run("a_pool_of_somebody_elses_is_not_judged", func(t *testing.T) {
		t.Parallel()
		db := retorttest.NewDatabase(t, retorttest.Template{})
		conn := db.Conn(t)
		r := examine(t, db, doctor.Options{}, func(c *retort.Config) {
			*c = retort.Config{Lender: func(context.Context) (retort.Loan, error) { return loan{conn}, nil }}
		})
		want(t, r, "connections", "note: connections: the pool is somebody else's")
	})
	t.Run("policies_that_the_owner_passes_by", func(t *testing.T) {
		t.Parallel()
		db := retorttest.NewDatabase(t, retorttest.Template{})
		role := "tenants_" + db.Name()
		db.Exec(t, `CREATE ROLE "`+role+`" LOGIN`)
		t.Cleanup(func() { db.Exec(t, `DROP OWNED BY "`+role+`"; DROP ROLE "`+role+`"`) })
		db.Exec(t, `CREATE TABLE plain (id int); CREATE TABLE theirs (id int); CREATE TABLE forced (id int); CREATE TABLE open (id int)`)
		for _, sql := range []string{
			"ALTER TABLE theirs ENABLE ROW LEVEL SECURITY", "ALTER TABLE forced ENABLE ROW LEVEL SECURITY", "ALTER TABLE forced FORCE ROW LEVEL SECURITY",
			`ALTER TABLE forced OWNER TO "` + role + `"`, `ALTER TABLE plain OWNER TO "` + role + `"`,
			`ALTER TABLE open OWNER TO "` + role + `"`, "ALTER TABLE open ENABLE ROW LEVEL SECURITY",
		} {
			db.Exec(t, sql)
		}
		u, err := url.Parse(db.URL())
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.User(role)
		r := examine(t, db, doctor.Options{}, limited, func(c *retort.Config) { c.URL = u.String() })
		want(t, r, "policies", "note: policies: the policies of open do not hold for "+role+", who owns it", "FORCE ROW LEVEL SECURITY")
		if lines := about(r, "policies"); len(lines) != 1 {
			t.Errorf("%q", lines)
		}
		db.Exec(t, "ALTER TABLE open FORCE ROW LEVEL SECURITY")
		if r := examine(t, db, doctor.Options{}, limited, func(c *retort.Config) { c.URL = u.String() }); len(about(r, "policies")) != 0 {
			t.Errorf("forced: %q", about(r, "policies"))
		}
	})
	t.Run("views_that_pass_policies_by", func(t *testing.T) {
		t.Parallel()
		db := retorttest.NewDatabase(t, retorttest.Template{})
		role := "viewers_" + db.Name()
		db.Exec(t, `CREATE ROLE "`+role+`" LOGIN`)
		t.Cleanup(func() { db.Exec(t, `DROP OWNED BY "`+role+`"; DROP ROLE "`+role+`"`) })
		db.Exec(t, `CREATE TABLE plain (id int); CREATE TABLE theirs (id int); ALTER TABLE theirs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`)
		db.Exec(t, `CREATE VIEW leaks AS SELECT t.id FROM theirs t JOIN plain p USING (id); CREATE VIEW hidden AS SELECT id FROM theirs;
			CREATE VIEW harmless AS SELECT id FROM plain; CREATE MATERIALIZED VIEW kept AS SELECT id FROM theirs;
			GRANT SELECT ON leaks, harmless, kept TO "`+role+`"`)
		u, err := url.Parse(db.URL())
		if err != nil {
			t.Fatal(err)
		}
		u.User = url.User(role)
		views := func() []string {
			return about(examine(t, db, doctor.Options{}, limited, func(c *retort.Config) { c.URL = u.String() }), "policies")
		}
		if lines := views(); len(lines) != 2 || !strings.Contains(lines[0], "kept shows rows of theirs") || !strings.Contains(lines[1], "leaks shows rows of theirs to everybody") ||
			!strings.Contains(lines[1], "security_invoker") {
			t.Errorf("%q", lines)
		}
		db.Exec(t, "DROP MATERIALIZED VIEW kept")
		if db.QueryInt(t, "SELECT current_setting('server_version_num')::int") >= 150_000 {
			db.Exec(t, "ALTER VIEW leaks SET (security_invoker = on)")
		} else {
			db.Exec(t, `ALTER VIEW leaks OWNER TO "`+role+`"`)
		}
		if lines := views(); len(lines) != 0 {
			t.Errorf("asked as the user: %q", lines)
		}
	})
	t.Run("what_blocks_a_change_of_the_schema", func(t *testing.T) {
		t.Parallel()
		db := retorttest.NewDatabase(t, retorttest.Template{})
		db.Exec(t, "CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT positive CHECK (a > 0) NOT VALID; CREATE INDEX t_a ON t (a)")
		db.Exec(t, "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_a'::regclass")
		db.Exec(t, "ALTER DATABASE "+db.Name()+" SET default_transaction_read_only = on")
		db.Exec(t, "ALTER DATABASE "+db.Name()+" SET synchronous_commit = off")
		db.Exec(t, "ALTER DATABASE "+db.Name()+" SET idle_session_timeout = '10min'")
		db.Exec(t, "ALTER DATABASE "+db.Name()+" SET search_path = nowhere")
		r := examine(t, db, doctor.Options{})
		if r.OK {
			t.Error("OK")
		}
		want(t, r, "indexes", "wrong: indexes: index public.t_a on public.t is invalid", "DROP INDEX CONCURRENTLY")
		want(t, r, "constraints", "note: constraints: constraint positive of public.t is not validated", "VALIDATE CONSTRAINT")
		want(t, r, "writing", "wrong: writing: transactions are read-only by default", "ALTER ROLE")
		want(t, r, "durability", "note: durability: synchronous_commit is off")
		want(t, r, "timeouts", "note: timeouts: idle_session_timeout is 10min", "Config.Recycle")
		want(t, r, "schema", "wrong: schema: no schema of search_path exists")
	})
	t.Run("a_server_that_is_away_is_an_error", func(t *testing.T) {
		t.Parallel()
		eng, err := retort.Open(retort.Config{URL: "postgres://nobody@127.0.0.1:1/x?sslmode=disable"})
		if err != nil {
			t.Fatal(err)
		}
		defer eng.Close(t.Context())
		for _, opts := range []doctor.Options{{}, {Pods: -1}} {
			if _, err := doctor.Examine(t.Context(), eng, opts); err == nil || !strings.HasPrefix(err.Error(), "doctor: ") {
				t.Errorf("got %v", err)
			}
		}
		if _, err := doctor.Examine(t.Context(), nil, doctor.Options{}); err == nil {
			t.Error("a nil engine is taken")
		}
	})
}

// loan is a connection that is lent again and again.
type loan struct{ conn *pgx.Conn }

func (l loan) Conn() *pgx.Conn { return l.conn }
func (loan) Release()          {}

func TestReport_as_JSON(t *testing.T) {
	t.Parallel()
	r := doctor.Of([]doctor.Finding{{State: doctor.OK, About: "a", Text: "b"}, {State: doctor.Wrong, About: "c", Text: "d", Do: "e"}})
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"ok":false,"findings":[{"state":"ok","about":"a","text":"b"},{"state":"wrong","about":"c","text":"d","do":"e"}]}`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
}
