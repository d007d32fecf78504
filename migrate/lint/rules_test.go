package lint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/lint"
)

// schema is what the examples find.
const schema = `
CREATE TABLE customers (id bigint PRIMARY KEY, name text);
CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint, total numeric(10,2), note varchar(50), n int, m int NOT NULL DEFAULT 1, placed timestamptz,
	EXCLUDE (n WITH =));
CREATE INDEX ix_n ON orders (n);
CREATE UNIQUE INDEX ux ON orders (id, n);
ALTER TABLE orders ADD CONSTRAINT later CHECK (n > 0) NOT VALID;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER tr BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION f();
CREATE TYPE mood AS ENUM ('sad');
CREATE DOMAIN positive AS int;
CREATE TABLE uses (p positive, mood mood);
CREATE SCHEMA old;
CREATE VIEW v AS SELECT id FROM customers;
CREATE MATERIALIZED VIEW totals AS SELECT id, total FROM orders;
CREATE UNIQUE INDEX ON totals (id);
CREATE TABLE events (id bigint, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_2026 (id bigint, at date NOT NULL)`

// example is one of a rule: bad is found, good is not.
type example struct{ rule, bad, good string }

var examples = []example{
	{"index-not-concurrent", `CREATE INDEX ix_total ON orders (total);`, "-- +outside\nCREATE INDEX CONCURRENTLY ix_total ON orders (total);"},
	{"drop-index-not-concurrent", `DROP INDEX ix_n;`, "-- +outside\nDROP INDEX CONCURRENTLY ix_n;"},
	{"reindex-not-concurrent", `REINDEX TABLE orders;`, "-- +outside repeatable\nREINDEX TABLE CONCURRENTLY orders;"},
	{
		"foreign-key-scans", `ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers (id);`,
		"ALTER TABLE orders ADD CONSTRAINT fk FOREIGN KEY (customer_id) REFERENCES customers (id) NOT VALID;\n-- +alone\nALTER TABLE orders VALIDATE CONSTRAINT fk;",
	},
	{
		"check-scans", `ALTER TABLE orders ADD CONSTRAINT ck CHECK (total >= 0);`,
		"ALTER TABLE orders ADD CONSTRAINT ck CHECK (total >= 0) NOT VALID;\n-- +alone\nALTER TABLE orders VALIDATE CONSTRAINT ck;",
	},
	{
		"not-null-scans", `ALTER TABLE orders ALTER COLUMN placed SET NOT NULL;`,
		"-- +alone\nALTER TABLE orders ADD CONSTRAINT p CHECK (placed IS NOT NULL) NOT VALID;\n-- +alone\nALTER TABLE orders VALIDATE CONSTRAINT p;\n" +
			"ALTER TABLE orders ALTER COLUMN placed SET NOT NULL;\nALTER TABLE orders DROP CONSTRAINT p;",
	},
	{
		"unique-builds-index", `ALTER TABLE orders ADD CONSTRAINT uq UNIQUE (customer_id, n);`,
		"-- +outside\nCREATE UNIQUE INDEX CONCURRENTLY uq ON orders (customer_id, n);\nALTER TABLE orders ADD CONSTRAINT uq UNIQUE USING INDEX uq;",
	},
	{
		"primary-key-builds-index", `ALTER TABLE events_2026 ADD PRIMARY KEY (id);`,
		"CREATE TABLE fresh (id bigint);\nALTER TABLE fresh ADD PRIMARY KEY (id);",
	},
	{"exclusion-builds-index", `ALTER TABLE orders ADD EXCLUDE (m WITH =);`, "CREATE TABLE fresh (m int);\nALTER TABLE fresh ADD EXCLUDE (m WITH =);"},
	{"type-copies", `ALTER TABLE orders ALTER COLUMN n TYPE bigint;`, `ALTER TABLE orders ALTER COLUMN note TYPE varchar(80);`},
	{"column-copies", `ALTER TABLE orders ADD COLUMN key uuid DEFAULT gen_random_uuid();`, `ALTER TABLE orders ADD COLUMN key timestamptz NOT NULL DEFAULT now();`},
	{"table-copies", `ALTER TABLE orders SET UNLOGGED;`, "CREATE TABLE fresh (m int);\nALTER TABLE fresh SET UNLOGGED;"},
	{"refresh-not-concurrent", `REFRESH MATERIALIZED VIEW totals;`, `REFRESH MATERIALIZED VIEW CONCURRENTLY totals;`},
	{"detach-not-concurrent", `ALTER TABLE events DETACH PARTITION events_2025;`, "-- +outside\nALTER TABLE events DETACH PARTITION events_2025 CONCURRENTLY;"},
	{
		"attach-scans", `ALTER TABLE events ATTACH PARTITION events_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');`,
		"CREATE TABLE e (LIKE events);\nALTER TABLE events ATTACH PARTITION e FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');",
	},
	{
		"partition-locks-parent", `CREATE TABLE e PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');`,
		"CREATE TABLE p (a int) PARTITION BY RANGE (a);\nCREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (2);",
	},
	{"lock-table", `LOCK TABLE orders;`, `LOCK TABLE orders IN ROW SHARE MODE;`},
	{
		"domain-rule-scans", `ALTER DOMAIN positive ADD CONSTRAINT p CHECK (VALUE > 0);`,
		"ALTER DOMAIN positive ADD CONSTRAINT p CHECK (VALUE > 0) NOT VALID;\n-- +alone\nALTER DOMAIN positive VALIDATE CONSTRAINT p;",
	},
	{"drop-table", `DROP TABLE uses;`, "CREATE TABLE fresh (m int);\nDROP TABLE fresh;"},
	{"drop-column", `ALTER TABLE orders DROP COLUMN note;`, "-- lint:ignore drop-column: nobody reads it since v41\nALTER TABLE orders DROP note;"},
	{"truncate", `TRUNCATE orders;`, `DELETE FROM orders WHERE n < 0;`},
	{"delete-all", `DELETE FROM orders;`, `DELETE FROM orders WHERE n < 0;`},
	{"drop-schema", `DROP SCHEMA old CASCADE;`, `DROP SCHEMA old;`},
	{"drop-database", `DROP DATABASE nobody;`, `CREATE SCHEMA fresh;`},
	{"cascade", `DROP TYPE mood CASCADE;`, `DROP SEQUENCE IF EXISTS s;`},
	{"column-required", `ALTER TABLE orders ADD COLUMN due date NOT NULL;`, `ALTER TABLE orders ADD COLUMN due date NOT NULL DEFAULT '2026-01-01';`},
	{"rename-column", `ALTER TABLE orders RENAME n TO number;`, `ALTER INDEX ix_n RENAME TO ix_orders_n;`},
	{"rename-table", `ALTER TABLE orders RENAME TO purchases;`, "ALTER TABLE orders RENAME TO purchases;\nCREATE VIEW orders AS SELECT * FROM purchases;"},
	{"rename-object", `ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';`, `ALTER INDEX ix_n RENAME TO ix_orders_n;`},
	{"drop-view", `DROP VIEW v;`, "DROP VIEW v;\nCREATE VIEW v AS SELECT id, id AS number FROM customers;"},
	{"drop-not-null", `ALTER TABLE orders ALTER m DROP NOT NULL;`, "CREATE TABLE fresh (a int NOT NULL);\nALTER TABLE fresh ALTER a DROP NOT NULL;"},
	{"code-unread", `DO $$ BEGIN PERFORM 1; END $$;`, "-- lint:ignore code-unread: it locks nothing\nDO $$ BEGIN PERFORM 1; END $$;"},
	{"statement-unread", `FROBNICATE orders;`, `ANALYZE orders;`},
	{"inside-transaction", `CREATE INDEX CONCURRENTLY ix ON orders (m);`, "-- +outside\nCREATE INDEX CONCURRENTLY ix ON orders (m);"},
	{"transaction-control", "COMMIT;", `ANALYZE orders;`},
	{
		"validate-under-lock", "ALTER TABLE orders ADD CONSTRAINT ck CHECK (m > 0) NOT VALID;\nALTER TABLE orders VALIDATE CONSTRAINT ck;",
		"ALTER TABLE orders ADD CONSTRAINT ck CHECK (m > 0) NOT VALID;\n-- +alone\nALTER TABLE orders VALIDATE CONSTRAINT ck;",
	},
	{
		"write-under-lock", "ALTER TABLE orders ADD COLUMN due date;\nUPDATE orders SET due = placed WHERE due IS NULL;",
		"ALTER TABLE orders ADD COLUMN due date;\n-- +batched\nUPDATE orders SET due = placed WHERE id IN (SELECT id FROM orders WHERE due IS NULL AND placed IS NOT NULL LIMIT 1000);",
	},
	{"write-all-at-once", `UPDATE orders SET total = 0;`, `UPDATE orders SET total = 0 WHERE id = 1;`},
	{
		"enum-value-used", "ALTER TYPE mood ADD VALUE 'glad';\nINSERT INTO uses (mood) VALUES ('glad');",
		"-- +alone\nALTER TYPE mood ADD VALUE 'glad';\nINSERT INTO uses (mood) VALUES ('glad');",
	},
	{"timeout-off", `SET lock_timeout = 0;`, `SET lock_timeout = '2s';`},
	{"timeout-missing", `ALTER TABLE orders ADD COLUMN due date;`, "SET lock_timeout = '2s';\nALTER TABLE orders ADD COLUMN due date;"},
	{"suppression", "-- lint:ignore drop-column\nALTER TABLE orders DROP COLUMN note;", "-- lint:ignore drop-column: nobody reads it\nALTER TABLE orders DROP COLUMN note;"},
	{
		"policies-without-force", "ALTER TABLE orders ENABLE ROW LEVEL SECURITY;",
		"alter table orders force row level security;\nALTER TABLE orders ENABLE ROW LEVEL SECURITY;\nALTER TABLE customers DISABLE ROW LEVEL SECURITY;",
	},
	{"char-type", `ALTER TABLE orders ADD COLUMN c char(3);`, `ALTER TABLE orders ADD COLUMN c text;`},
	{"varchar-limit", `ALTER TABLE orders ADD COLUMN c varchar(3);`, `ALTER TABLE orders ADD COLUMN c varchar;`},
	{"small-integer", `CREATE TABLE fresh (id int);`, `CREATE TABLE fresh (id bigint);`},
	{"serial-type", `CREATE TABLE fresh (id bigserial);`, `CREATE TABLE fresh (id bigint GENERATED BY DEFAULT AS IDENTITY);`},
	{"timestamp-without-zone", `CREATE TABLE fresh (at timestamp(3));`, `CREATE TABLE fresh (at timestamp(3) with time zone);`},
	{"json-type", `ALTER TABLE orders ADD COLUMN c json;`, `ALTER TABLE orders ADD COLUMN c jsonb;`},
	{"wide-index", "-- +outside\nCREATE INDEX CONCURRENTLY ix ON orders (id, n, m, placed);", "-- +outside\nCREATE INDEX CONCURRENTLY ix ON orders (id, n, m) INCLUDE (placed);"},
	{"domain-with-rule", `CREATE DOMAIN p AS int CHECK (VALUE > 0);`, `CREATE DOMAIN p AS int;`},
	{"enum-order", `ALTER TYPE mood ADD VALUE 'glad';`, `ALTER TYPE mood ADD VALUE 'glad' AFTER 'sad';`},
	{"not-repeatable", "-- +outside\nCREATE INDEX CONCURRENTLY ix ON orders (m);", "-- +outside\nCREATE INDEX CONCURRENTLY IF NOT EXISTS ix ON orders (m);"},
	{"long-name", `CREATE SEQUENCE s; CREATE TABLE ` + strings.Repeat("n", 64) + ` (a bigint);`, `CREATE TABLE ` + strings.Repeat("n", 63) + ` (a bigint);`},
	{"no-schema", `CREATE TABLE fresh (a bigint);`, `CREATE TABLE public.fresh (a bigint);`},
	{"contract", `ALTER TABLE orders ALTER m DROP DEFAULT;`, `ALTER TABLE orders ADD COLUMN due date;`},
	{"replaces", `CREATE OR REPLACE VIEW v AS SELECT id FROM customers;`, `CREATE VIEW v2 AS SELECT id FROM customers;`},
}

// types are those of schema, as a catalog would tell them.
func types(table, column string) string {
	return map[string]string{"orders.note": "character varying(50)", "orders.n": "integer"}[table+"."+column]
}

func rulesOf(findings []lint.Finding, openOnly bool) []string {
	var out []string
	for _, f := range findings {
		if f.Open() || !openOnly {
			out = append(out, f.Rule)
		}
	}
	return out
}

// TestRules holds each rule to a statement that it finds and one that it lets
// through, and both to the server's grammar.
func TestRules(t *testing.T) {
	t.Parallel()
	shown := map[string]bool{}
	for _, x := range examples {
		shown[x.rule] = true
		t.Run(x.rule, func(t *testing.T) {
			t.Parallel()
			opts := lint.Options{Advice: true, Type: types, AskTimeouts: x.rule == "timeout-missing"}
			if got := rulesOf(lint.Check(steps(t, x.bad), opts), true); !slices.Contains(got, x.rule) {
				t.Errorf("%s is not found; found %q in\n%s", x.rule, got, x.bad)
			}
			findings := lint.Check(steps(t, x.good), opts)
			if got := rulesOf(findings, true); slices.Contains(got, x.rule) {
				t.Errorf("%s is found in\n%s\n%v", x.rule, x.good, findings)
			}
			for _, f := range findings {
				if f.Open() && f.Severity > lint.Advice {
					t.Errorf("the good one has another finding: %v", f)
				}
			}
			opts.Off = []string{x.rule}
			if got := rulesOf(lint.Check(steps(t, x.bad), opts), true); slices.Contains(got, x.rule) {
				t.Errorf("%s is found though it is off", x.rule)
			}
			run(t, x.good)
			if !slices.Contains([]string{"statement-unread", "drop-database", "inside-transaction", "enum-value-used"}, x.rule) {
				run(t, x.bad) // the others are refused, which is their point
			}
		})
	}
	for _, r := range lint.Rules() {
		if !shown[r.ID] {
			t.Errorf("%s has no example", r.ID)
		}
	}
}

// run gives the statements to the server, in transactions as their modes say.
func run(t *testing.T, up string) {
	t.Helper()
	db, _ := open(t, schema)
	var together []string
	flush := func() {
		if len(together) > 0 {
			db.Exec(t, "BEGIN; "+strings.Join(together, "; ")+"; COMMIT")
		}
		together = nil
	}
	for _, s := range steps(t, up) {
		switch s.Mode {
		case migrate.Outside, migrate.Alone, migrate.Batched:
			flush()
			db.Exec(t, s.SQL)
		case migrate.Together, "", migrate.Call:
			together = append(together, s.SQL)
		}
	}
	flush()
}

func TestFinding(t *testing.T) {
	t.Parallel()
	findings := lint.Check(steps(t, "ANALYZE orders;\n\nCREATE UNIQUE INDEX \"My index\" ON orders (total, \"When\");"), lint.Options{})
	want := `line 3: danger index-not-concurrent: CREATE INDEX takes SHARE on orders while its indexes are built: writes wait
  instead: CREATE UNIQUE INDEX CONCURRENTLY "My index" ON orders (total, "When"), outside a transaction; drop the index first if an earlier try left it invalid`
	if len(findings) != 1 {
		t.Fatalf("%d findings: %v", len(findings), findings)
	}
	if diff := cmp.Diff(want, findings[0].String()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestContract: what others have a rule each for.
func TestContract(t *testing.T) {
	t.Parallel()
	for _, sql := range []string{
		"ALTER TABLE t ALTER a SET DEFAULT 1", "ALTER TABLE t DROP CONSTRAINT c", "DROP VIEW v", "DROP FUNCTION f", "DROP TRIGGER x ON t", "DROP POLICY p ON t", "DROP SEQUENCE s",
		"DROP TYPE m", "DROP DOMAIN d", "DROP EXTENSION e", "DROP INDEX i", "DROP INDEX CONCURRENTLY i", "ALTER TABLE t ALTER a SET GENERATED ALWAYS", "ALTER POLICY p ON t TO u",
		"ALTER TABLE t DISABLE ROW LEVEL SECURITY", "ALTER FUNCTION f() STABLE", "ALTER VIEW v SET (security_barrier)", "ALTER EXTENSION e UPDATE", "ALTER ROLE r LOGIN",
		"ALTER DATABASE d SET a = 1", "ALTER SYSTEM SET a = 1", "ALTER SEQUENCE s RESTART", "CREATE POLICY p ON t", "ALTER TABLE t NO INHERIT u", "ALTER TABLE t DISABLE TRIGGER ALL",
		"ALTER TABLE t ALTER a DROP EXPRESSION", "ALTER TABLE t REPLICA IDENTITY FULL", "REVOKE ALL ON t FROM u", "ALTER TABLE t RENAME CONSTRAINT a TO b",
	} {
		step := []migrate.Step{{SQL: sql}}
		if got := rulesOf(lint.Check(step, lint.Options{Advice: true}), true); !slices.Contains(got, "contract") {
			t.Errorf("%s: %q", sql, got)
		}
		if got := rulesOf(lint.Check(step, lint.Options{}), true); slices.Contains(got, "contract") {
			t.Errorf("%s: advice that nobody asked for", sql)
		}
	}
}

// A type that the same revision has changed is what it was changed to, and a name that
// it gave to another column is not known.
func TestCheck_follows_the_types_that_statements_make(t *testing.T) {
	t.Parallel()
	was := func(_, column string) string {
		return map[string]string{"a": "character varying(10)", "b": "integer"}[column]
	}
	for sql, want := range map[string]int{
		"ALTER TABLE t ALTER a TYPE varchar(20);":                                    0,
		"ALTER TABLE t ALTER a TYPE varchar(20); ALTER TABLE t ALTER a TYPE text;":   0,
		"ALTER TABLE t ALTER a TYPE text; ALTER TABLE t ALTER a TYPE varchar(20);":   1,
		"ALTER TABLE t ALTER b TYPE bigint; ALTER TABLE t ALTER b TYPE varchar(20);": 2,
		"ALTER TABLE t RENAME b TO a; ALTER TABLE t ALTER a TYPE varchar(20);":       1,
	} {
		found := 0
		for _, rule := range rulesOf(lint.Check(steps(t, sql), lint.Options{Type: was}), true) {
			if rule == "type-copies" {
				found++
			}
		}
		if found != want {
			t.Errorf("%s\nfinds %d, want %d", sql, found, want)
		}
	}
}
