package roles_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/roles"
	"github.com/retort-go/retort/retorttest"
)

func TestMain(m *testing.M) { retorttest.Main(m) }

// connect opens the database as a role; "" is the one that owns the server.
func connect(tb testing.TB, db *retorttest.Database, role string) *retort.Engine {
	tb.Helper()
	u, err := url.Parse(db.URL())
	if err != nil {
		tb.Fatal(err)
	}
	if role != "" {
		u.User = url.User(role)
	}
	eng, err := retort.Open(retort.Config{URL: u.String(), Base: retort.NewBase(), PoolSize: 3})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = eng.Close(context.Background()) })
	return eng
}

func exec(tb testing.TB, eng *retort.Engine, sql string) error {
	tb.Helper()
	_, err := retort.Run(tb.Context(), eng, retort.TxOptions{MaxAttempts: 1}, func(ctx context.Context, s *retort.Session) (int64, error) {
		return s.Exec(ctx, sql)
	})
	return err
}

// setup runs the script, twice, and gives the two roles.
func setup(tb testing.TB) (*retorttest.Database, roles.Config) {
	tb.Helper()
	db := retorttest.NewDatabase(tb, retorttest.Template{})
	cfg := roles.Config{Owner: "owner " + db.Name(), App: "app " + db.Name(), Schemas: []string{"public", "shop"}, Ledger: "ledger"}
	script, err := cfg.Script()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		for _, role := range []string{cfg.App, cfg.Owner} {
			db.Exec(tb, `DROP OWNED BY "`+role+`" CASCADE; DROP ROLE "`+role+`"`)
		}
	})
	db.Exec(tb, script)
	db.Exec(tb, script)
	return db, cfg
}

const revision = `-- revision: a1
-- parents:

-- +up
CREATE TABLE shop.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text);
CREATE TABLE notes (id bigserial PRIMARY KEY);
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql AS 'SELECT n * 2';
-- +outside
CREATE INDEX CONCURRENTLY ix ON shop.orders (note);
`

// TestScript: the owner upgrades; the app works with rows, sees the ledger, and can do
// nothing else.
func TestScript(t *testing.T) {
	t.Parallel()
	db, cfg := setup(t)
	rev, err := migrate.Parse("a1.sql", revision)
	if err != nil {
		t.Fatal(err)
	}
	history, err := migrate.NewHistory(rev)
	if err != nil {
		t.Fatal(err)
	}
	owner, app := connect(t, db, cfg.Owner), connect(t, db, cfg.App)
	for _, eng := range []*retort.Engine{owner, app} {
		runner, err := migrate.New(eng, history, migrate.Options{Schema: "ledger"})
		if err != nil {
			t.Fatal(err)
		}
		if eng == owner {
			if _, err := runner.Upgrade(t.Context(), "head"); err != nil {
				t.Fatal(err)
			}
		}
		if err := runner.Check(t.Context()); err != nil {
			t.Errorf("Check = %v", err)
		}
	}
	for _, sql := range []string{
		"INSERT INTO shop.orders (note) VALUES ('x')", "UPDATE shop.orders SET note = 'y'", "SELECT * FROM shop.orders, notes", "DELETE FROM shop.orders",
		"INSERT INTO notes DEFAULT VALUES", "SELECT twice(2)", "SELECT * FROM ledger.retort_revisions",
	} {
		if err := exec(t, app, sql); err != nil {
			t.Errorf("the app role may not: %s: %v", sql, err)
		}
	}
	for _, sql := range []string{
		"CREATE TABLE mine (id int)", "CREATE TABLE shop.mine (id int)", "CREATE TABLE ledger.mine (id int)", "CREATE TEMPORARY TABLE mine (id int)", "CREATE SCHEMA mine",
		"ALTER TABLE shop.orders ADD COLUMN a int", "DROP TABLE shop.orders", "TRUNCATE shop.orders", "CREATE INDEX ON shop.orders (id)", "DROP INDEX shop.ix",
		"CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE EXTENSION hstore", "CREATE ROLE mine", "CREATE DATABASE mine",
		`SET ROLE "` + cfg.Owner + `"`, "COPY notes TO PROGRAM 'cat'", "COPY notes FROM '/etc/passwd'", "SELECT pg_read_file('/etc/passwd')",
		"ALTER TABLE shop.orders DISABLE TRIGGER ALL", "GRANT SELECT ON notes TO PUBLIC",
		"UPDATE ledger.retort_revisions SET checksum = ''", "DELETE FROM ledger.retort_revisions", "INSERT INTO ledger.retort_revisions_log DEFAULT VALUES",
	} {
		err := exec(t, app, sql)
		if err == nil && strings.HasPrefix(sql, "GRANT") { // PostgreSQL only warns
			if rows, err := app.Snapshot(t.Context(), "SELECT has_table_privilege('public', 'notes', 'SELECT')::text"); err == nil && rows[0][0][0] == "false" {
				continue
			}
		}
		if err == nil || !strings.Contains(err.Error(), "42501") && !strings.Contains(err.Error(), "25001") {
			t.Errorf("the app role: %s: %v", sql, err)
		}
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	db, cfg := setup(t)
	if err := exec(t, connect(t, db, cfg.Owner), "CREATE TABLE shop.orders (id int)"); err != nil {
		t.Fatal(err)
	}
	powers := strings.TrimSpace(db.Name()) + "_powers"
	db.Exec(t, `CREATE ROLE "`+powers+`" LOGIN CREATEDB CREATEROLE BYPASSRLS REPLICATION; GRANT CONNECT ON DATABASE "`+db.Name()+`" TO "`+powers+`"; GRANT pg_read_server_files TO "`+powers+`"`)
	t.Cleanup(func() { db.Exec(t, `DROP OWNED BY "`+powers+`"; DROP ROLE "`+powers+`"`) })
	super := connect(t, db, "")
	rights, err := roles.Read(t.Context(), super)
	if err != nil || !rights.Superuser || len(rights.Warnings()) != 1 {
		t.Errorf("the server's own role: %+v, %v", rights, err)
	}
	for role, want := range map[string][]string{
		cfg.App: nil,
		cfg.Owner: {
			cfg.Owner + " owns shop.orders: it can drop and alter what it owns, and row-level security does not hold it unless it is forced",
			cfg.Owner + " may create schemas in the database", cfg.Owner + " may create tables and functions in ledger, public, shop",
		},
		powers: {
			powers + " may run programs or read files on the server", powers + " may create roles, and with them give itself rights",
			powers + " may read everything by replication", powers + " passes row-level security by", powers + " may create databases",
		},
	} {
		rights, err := roles.Read(t.Context(), connect(t, db, role))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, rights.Warnings()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", role, diff)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]roles.Config{
		"no_owner":        {App: "a"},
		"one_for_both":    {Owner: "a", App: "a"},
		"ledger_in_them":  {Owner: "o", App: "a", Schemas: []string{"s"}, Ledger: "s"},
		"NUL":             {Owner: "o\x00", App: "a"},
		"name_too_long":   {Owner: "o", App: strings.Repeat("a", 64)},
		"broken_database": {Owner: "o", App: "a", Database: "\xff"},
	} {
		if text, err := cfg.Script(); err == nil {
			t.Errorf("%s: no error\n%s", name, text)
		}
	}
	// Names that would end a string or begin a statement stay names.
	db := retorttest.NewDatabase(t, retorttest.Template{})
	hostile := roles.Config{Owner: db.Name() + `"; DROP TABLE t; --`, App: db.Name() + "'$retort$\n-- %I", Schemas: []string{`s"; --`}, Ledger: "l'"}
	for _, hostile.Database = range []string{"", db.Name()} {
		text, err := hostile.Script()
		if err != nil {
			t.Fatal(err)
		}
		db.Exec(t, text)
	}
	quoted := func(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }
	for _, role := range []string{hostile.App, hostile.Owner} {
		db.Exec(t, "DROP OWNED BY "+quoted(role)+" CASCADE; DROP ROLE "+quoted(role))
	}
}
