package migrate_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/migrate"
)

// TestRunner_names_who_is_in_the_way: while it waits, when it tries again, and in the
// end.
func TestRunner_names_who_is_in_the_way(t *testing.T) {
	t.Parallel()

	for name, step := range map[string]string{
		"of_a_step_in_a_transaction": "ALTER TABLE books ADD COLUMN price int;",
		"of_a_step_outside":          "-- +outside repeatable\nALTER TABLE books ADD COLUMN IF NOT EXISTS price int;",
		"of_a_batch":                 "-- +batched\nDELETE FROM books;",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := newDatabase(t)
			db.upgrade(t, wide(t), "a")
			defer reporting(t, db)()
			blockedBy(t, db, files(t, shop[0], "b: a\n-- +up\n"+step+"\n"), "UPDATE /* retort:raw */")
		})
	}

	t.Run("and_a_role_without_rights_sees_the_process_alone", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		role := db.Name() + "_owner"
		db.Exec(t, `CREATE ROLE "`+role+`" LOGIN`)
		t.Cleanup(func() { db.Exec(t, `DROP OWNED BY "`+role+`" CASCADE; DROP ROLE "`+role+`"`) })
		db.Exec(t, `GRANT CREATE ON SCHEMA public TO "`+role+`"`)
		owner := database{db.Database, open(t, db.URL()+"&user="+role)}
		owner.upgrade(t, wide(t), "a")
		db.Exec(t, "GRANT ALL ON books TO PUBLIC")
		defer reporting(t, db)()
		blockedBy(t, owner, wide(t), "what it does is hidden from this role")
	})
}

// reporting opens a transaction that has changed books, under a name of its own.
func reporting(tb testing.TB, db database) (release func()) {
	tb.Helper()
	db.Exec(tb, "INSERT INTO books SELECT 7000 WHERE NOT EXISTS (SELECT FROM books WHERE id = 7000)")
	other := database{db.Database, open(tb, db.URL()+"&application_name=reporting")}
	return hogged(tb, other, "UPDATE books SET id = id WHERE id = 7000 AND 'a secret' <> ''")
}

// blockedBy upgrades until it gives up, and looks for what it says of the other.
func blockedBy(t *testing.T, db database, h *migrate.History, want string) {
	t.Helper()
	var running, retried []migrate.Blocker
	var err error
	var step *migrate.StepError
	// A machine that is busy looks late; it is given longer waits then.
	for _, wait := range []time.Duration{2 * time.Second, 8 * time.Second, 30 * time.Second} {
		running, retried = nil, nil
		_, err = db.runner(t, h, migrate.Options{LockTimeout: wait, Attempts: 2, OnEvent: func(e migrate.Event) {
			switch e.Kind {
			case migrate.Running:
				running = append(running, e.Blockers...)
			case migrate.Retrying:
				retried = append(retried, e.Blockers...)
			}
		}}).Upgrade(t.Context(), "head")
		var ok bool
		if step, ok = errors.AsType[*migrate.StepError](err); !ok || len(step.Blockers) > 0 && len(running) > 0 && len(retried) > 0 {
			break
		}
	}
	if step == nil || len(step.Blockers) != 1 || len(running) == 0 || len(retried) == 0 {
		t.Fatalf("%v\nwhile it ran: %v\nwhen it tried again: %v", err, running, retried)
	}
	if got := step.Blockers[0].String(); !strings.Contains(got, want) || step.Blockers[0].PID == 0 {
		t.Errorf("it waited for %s, want %s", got, want)
	}
	if !strings.Contains(err.Error(), step.Blockers[0].String()) || !strings.Contains(err.Error(), "pg_terminate_backend(") {
		t.Errorf("the error does not say it: %v", err)
	}
	if strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "7000") {
		t.Errorf("a value is in %v", err)
	}
	if !strings.Contains(want, "hidden") && (!strings.Contains(err.Error(), `application "reporting", idle in transaction for `) || step.Blockers[0].Open <= 0) {
		t.Errorf("who it is is not in %v", err)
	}
}

func TestBlocker_String(t *testing.T) {
	t.Parallel()
	for want, b := range map[string]migrate.Blocker{
		"a prepared transaction (SELECT * FROM pg_prepared_xacts shows it)":                                            {},
		"server process 7 (what it does is hidden from this role)":                                                     {PID: 7},
		`server process 7 (application "psql", active, SELECT, its transaction is open for 5m0s)`:                      {PID: 7, Application: "psql", State: "active", Statement: "SELECT", Open: 5 * time.Minute},
		`server process 7 (application "a\nb", idle in transaction for 20ms, COMMIT, its transaction is open for 1ms)`: {PID: 7, Application: "a\nb", State: "idle in transaction", Statement: "COMMIT", Idle: 20 * time.Millisecond, Open: time.Microsecond},
	} {
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func TestSpoken_never_tells_a_value(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"": "", "   ": "", "'secret'": "", "secretsecretsecretsecret x": "",
		"update t set a = 'secret'":                                                         "UPDATE",
		"/* retort:session.flush */ INSERT INTO t VALUES ('secret')":                        "INSERT /* retort:session.flush */",
		"SELECT '/* retort:secret */'\n/* retort:raw */":                                    "SELECT /* retort:raw */",
		"SELECT '/* retort:secret */":                                                       "SELECT",
		"SELECT 'x' /* retort:secret; value */ , $$ /* retort:secret */ $$":                 "SELECT",
		"/* retort:migrate a1b2 up 3 */ ALTER TABLE t ADD a int":                            "ALTER /* retort:migrate a1b2 up 3 */",
		"/*action='secret',route='secret'*/ SELECT 1":                                       "SELECT",
		"SELECT 1 -- /* retort:secret */":                                                   "SELECT",
		"autovacuum: VACUUM public.t":                                                       "AUTOVACUUM",
		"SELECT " + strings.Repeat("x, ", 400) + "'cut off by track_activity_query_size, s": "SELECT",
	} {
		if got := migrate.Spoken(query); got != want {
			t.Errorf("%s\ngives %s, want %s", query, got, want)
		}
	}
}
