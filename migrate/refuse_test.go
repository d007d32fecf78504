package migrate_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate"
)

// simple is a history of two tables.
var simple = []string{"a:\n-- +up\nCREATE TABLE one (id int);\n-- +down\nDROP TABLE one;\n", "b: a\n-- +up\nCREATE TABLE two (id int);\n-- +down\nDROP TABLE two;\n"}

// want checks that err is an E with each of the words, and says what helps.
func want[E error](tb testing.TB, err error, words ...string) {
	tb.Helper()
	if _, ok := errors.AsType[E](err); !ok {
		var e E
		tb.Errorf("got %v, want a %T", err, e)
		return
	}
	for _, w := range append(words, "docs/errors.md#") {
		if !strings.Contains(err.Error(), w) {
			tb.Errorf("got %v, want it to say %q", err, w)
		}
	}
}

// as is the database's URL with another user.
func (d database) as(tb testing.TB, user string, parameters ...string) *retort.Engine {
	tb.Helper()
	u, err := url.Parse(d.URL())
	if err != nil {
		tb.Fatal(err)
	}
	if user != "" {
		u.User = url.User(user)
	}
	q := u.Query()
	for i := 0; i+1 < len(parameters); i += 2 {
		q.Set(parameters[i], parameters[i+1])
	}
	u.RawQuery = q.Encode()
	return open(tb, u.String())
}

func TestRunner_refuses(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	// nothing checks that a refusal has left nothing behind.
	nothing := func(t *testing.T, db database) {
		t.Helper()
		if got := db.ask(t, "SELECT coalesce(string_agg(relname::text, ' '), '') FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"); got != "" {
			t.Errorf("it has left %s", got)
		}
	}

	t.Run("a_read-only_database", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		db.Exec(t, "ALTER DATABASE "+db.Name()+" SET default_transaction_read_only = on")
		_, err := runner(t, db.as(t, ""), files(t, simple...)).Upgrade(ctx, "head")
		want[*migrate.ReadOnlyError](t, err, "default_transaction_read_only", "target_session_attrs=read-write")
		nothing(t, db)
	})

	t.Run("a_role_without_privileges", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		role := "reader_" + db.Name()[len(db.Name())-12:]
		db.Exec(t, "CREATE ROLE "+role+" LOGIN")
		t.Cleanup(func() { db.Exec(t, "DROP OWNED BY "+role); db.Exec(t, "DROP ROLE "+role) })
		db.Exec(t, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
		eng := db.as(t, role)
		_, err := runner(t, eng, files(t, simple...)).Upgrade(ctx, "head")
		if err == nil || !strings.Contains(err.Error(), "GRANT CREATE ON SCHEMA") || !strings.Contains(err.Error(), "#migrate-privileges") {
			t.Errorf("without CREATE: %v", err)
		}
		nothing(t, db)

		db.upgrade(t, files(t, simple...), "a")
		if err := runner(t, eng, files(t, simple...)).Check(ctx); err == nil || !strings.Contains(err.Error(), "GRANT SELECT") {
			t.Errorf("without SELECT on the ledger: %v", err)
		}
		db.Exec(t, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO "+role)
		want[*migrate.PendingError](t, runner(t, eng, files(t, simple...)).Check(ctx), "one revision is not applied")

		db.Exec(t, "GRANT ALL ON retort_revisions, retort_revisions_journal, retort_revisions_log, retort_revisions_lease TO "+role)
		_, err = runner(t, eng, files(t, simple...)).Upgrade(ctx, "head")
		want[*migrate.StepError](t, err, "step 1 of 1 up of revision b", "as the owner of the tables", "nothing of the revision stays")
		if got := db.current(t); got != "a|applied" {
			t.Errorf("the ledger has %s", got)
		}
	})

	t.Run("a_server_that_is_not_there", func(t *testing.T) {
		t.Parallel()
		eng := open(t, "postgres://retort@127.0.0.1:1/none?sslmode=disable")
		if _, err := runner(t, eng, files(t, simple...)).Upgrade(ctx, "head"); err == nil || !strings.Contains(err.Error(), "read the ledger") {
			t.Errorf("got %v", err)
		}
	})

	t.Run("another_program's_database", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		db.upgrade(t, files(t, simple...), "head")
		other := files(t, "x:\n-- +up\nDROP TABLE one;\n")
		_, err := db.runner(t, other).Upgrade(ctx, "head")
		want[*migrate.UnknownRevisionsError](t, err, "knows none of them", db.Name(), "Options.Name")
		// With a name of its own it has its own ledger.
		if _, err := db.runner(t, other, migrate.Options{Name: "other"}).Upgrade(ctx, "head"); err != nil {
			t.Error(err)
		}
	})

	t.Run("what_a_newer_program_has_done", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		db.upgrade(t, files(t, simple...), "head")
		old := files(t, simple[0])
		_, err := db.runner(t, old).Upgrade(ctx, "head")
		want[*migrate.UnknownRevisionsError](t, err, "(b)", "newer program")
		want[*migrate.UnknownRevisionsError](t, db.runner(t, old).Check(ctx))
		allowed := db.runner(t, old, migrate.Options{AllowNewer: true})
		if did, err := allowed.Upgrade(ctx, "head"); err != nil || len(did) > 0 {
			t.Errorf("allowed: did %s, %v", ids(did), err)
		}
		if err := allowed.Check(ctx); err != nil {
			t.Errorf("allowed: %v", err)
		}
		// It may not change a schema that it does not know.
		_, err = db.runner(t, files(t, simple[0], "z: a\n-- +up\nSELECT 1;\n"), migrate.Options{AllowNewer: true}).Upgrade(ctx, "head")
		want[*migrate.UnknownRevisionsError](t, err)
		db.Exec(t, "UPDATE retort_revisions_lease SET format = 7")
		_, err = db.runner(t, files(t, simple...)).Upgrade(ctx, "head")
		want[*migrate.LedgerFormatError](t, err, "format 7")
	})

	t.Run("edited_files", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		db.upgrade(t, files(t, simple...), "a")
		edited := files(t, strings.Replace(simple[0], "id int", "id bigint", 1), simple[1])
		_, err := db.runner(t, edited, migrate.Options{Who: "bob"}).Upgrade(ctx, "head")
		want[*migrate.EditedError](t, err, "a (migrations/a_test.sql) was edited", "db repair")
		if got := db.current(t); got != "a|applied" {
			t.Errorf("the ledger has %s", got)
		}
		did, err := db.runner(t, edited).Repair(ctx)
		if err != nil || len(did) != 1 || !strings.Contains(did[0], "accepted the edited file of a") {
			t.Errorf("Repair: %q, %v", did, err)
		}
		db.upgrade(t, edited, "head")
		if did, err := db.runner(t, edited).Repair(ctx); err != nil || len(did) > 0 {
			t.Errorf("a second Repair: %q, %v", did, err)
		}
	})

	t.Run("missing_files", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		three := append(simple[:2:2], "c: a\n-- +up\nSELECT 3;\n")
		db.upgrade(t, files(t, three...), "heads")
		r := db.runner(t, files(t, simple...))
		_, err := r.Upgrade(ctx, "head")
		want[*migrate.UnknownRevisionsError](t, err, "restore them")
		if _, err := r.Repair(ctx, "zzz"); err == nil || !strings.Contains(err.Error(), `no revision "zzz"`) {
			t.Errorf("Repair of what is not there: %v", err)
		}
		if did, err := r.Repair(ctx, "c"); err != nil || len(did) != 1 || did[0] != "forgot c" {
			t.Errorf("Repair: %q, %v", did, err)
		}
		if err := r.Check(ctx); err != nil {
			t.Error(err)
		}
	})

	t.Run("files_out_of_order", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		db.upgrade(t, files(t, simple...), "head")
		h := files(t, simple[0], "new: a\n-- +up\nSELECT 1;\n", "b: new\n"+strings.SplitAfterN(simple[1], "\n", 2)[1])
		_, err := db.runner(t, h).Upgrade(ctx, "head")
		want[*migrate.OutOfOrderError](t, err, "new (migrations/new_test.sql), which it follows, is not")
		if err := db.runner(t, h).Check(ctx); err == nil || !strings.Contains(err.Error(), "edited") || !strings.Contains(err.Error(), "which it follows") {
			t.Errorf("Check: %v", err)
		}
	})

	t.Run("two_heads", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		h := files(t, simple[0], simple[1], "c: a\n-- +up\nSELECT 3;\n")
		_, err := db.runner(t, h).Upgrade(ctx, "head")
		want[*migrate.HeadsError](t, err, "db merge b c")
		nothing(t, db)
		want[*migrate.HeadsError](t, db.runner(t, h).Check(ctx), "db merge b c")
		if did, err := db.runner(t, h).Upgrade(ctx, "heads"); err != nil || ids(did) != "a b c" {
			t.Errorf("to all heads: %s, %v", ids(did), err)
		}
	})

	t.Run("to_turn_round_in_the_midst_of_a_revision", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		h := files(t, simple[0], "b: a\n-- +up\nCREATE TABLE two (id int);\n-- +alone\nSELECT 1/0;\n-- +down\nDROP TABLE two;\n")
		_, err := db.runner(t, h).Upgrade(ctx, "head")
		want[*migrate.StepError](t, err, "its first step stays done")
		_, err = db.runner(t, h).Downgrade(ctx, "base")
		want[*migrate.UnfinishedError](t, err, "db upgrade b")
		st, err := db.runner(t, h).Status(ctx)
		if err != nil || len(st.Problems) != 1 || len(st.Pending) != 1 || len(st.Journal) != 2 || !st.Journal[1].Done {
			t.Errorf("Status: %+v, %v", st, err)
		}

		// What was done may not be edited any more, what follows may.
		edited := files(t, simple[0], "b: a\n-- +up\nCREATE TABLE two (id bigint);\n-- +alone\nSELECT 1;\n")
		_, err = db.runner(t, edited).Upgrade(ctx, "head")
		want[*migrate.EditedError](t, err, "step 1 up of revision b")
		if did, err := db.runner(t, edited).Repair(ctx); err != nil || len(did) != 1 {
			t.Errorf("Repair: %q, %v", did, err)
		}
		db.upgrade(t, edited, "head")
	})

	t.Run("a_ledger_that_is_none", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		db.Exec(t, "CREATE TABLE retort_revisions_lease (x int)")
		if _, err := db.runner(t, files(t, simple...)).Upgrade(ctx, "head"); err == nil || !strings.Contains(err.Error(), "is no ledger of Retort") {
			t.Errorf("got %v", err)
		}
		_, err := db.runner(t, files(t, simple...), migrate.Options{Schema: "nowhere"}).Upgrade(ctx, "head")
		if err == nil || !strings.Contains(err.Error(), "the schema of the ledger") {
			t.Errorf("in a schema that is not there: %v", err)
		}
		db.Exec(t, "CREATE TABLE x_log (x int)")
		_, err = db.runner(t, files(t, simple...), migrate.Options{Name: "x"}).Upgrade(ctx, "head")
		if err == nil || !strings.Contains(err.Error(), "give Options.Name") {
			t.Errorf("with a name that is taken: %v", err)
		}
	})

	t.Run("to_be_made", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		call := files(t, "a:\n-- +up\n-- +call\n-- +down\n-- +call\n")
		_, err := migrate.New(db.eng, call, migrate.Options{})
		want[*migrate.FunctionError](t, err, `Options.Functions["a"].Up`, `Options.Functions["a"].Down`)
		_, err = migrate.New(db.eng, files(t, simple...), migrate.Options{Functions: map[string]migrate.Functions{"zz": {}}, Lease: 1, LockTimeout: -1, Attempts: -1, Wait: -1, Name: strings.Repeat("x", 60), Schema: "a\x00", Who: "\xff"})
		for _, field := range []string{`"zz"`, "Lease", "LockTimeout", "Attempts", "Wait", "Name", "Schema", "Who"} {
			if err == nil || !strings.Contains(err.Error(), field) {
				t.Errorf("%v does not name %s", err, field)
			}
		}
		small, err := retort.Open(retort.Config{URL: db.URL(), PoolSize: 2})
		if err != nil {
			t.Fatal(err)
		}
		defer small.Close(context.WithoutCancel(ctx))
		_, err = migrate.New(small, files(t, simple...), migrate.Options{})
		want[*migrate.ConnectionsError](t, err, "3 connections")
	})
}

func TestRunner_Stamp(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	ctx := t.Context()
	r := db.runner(t, files(t, append(simple[:2:2], "c: b\n-- +up\nCREATE TABLE three (id int);\n")...))
	for _, test := range []struct{ target, did, current string }{
		{"b", "a b", "a|applied,b|applied"}, {"b", "", "a|applied,b|applied"}, {"a", "b", "a|applied"}, {"base", "a", ""}, {"heads", "a b c", "a|applied,b|applied,c|applied"},
	} {
		did, err := r.Stamp(ctx, test.target)
		if err != nil || ids(did) != test.did || db.current(t) != test.current {
			t.Errorf("%s: did %q, %v; the ledger has %s", test.target, ids(did), err, db.current(t))
		}
	}
	if got := db.ask(t, "SELECT coalesce(to_regclass('one')::text, 'nothing')"); got != "nothing" {
		t.Errorf("it made %s", got)
	}
	if _, err := r.Stamp(ctx, "zz"); err == nil {
		t.Error("an unknown target was stamped")
	}

	t.Run("adopts_what_is_there", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		db.Exec(t, "CREATE TABLE one (id int)")
		r := db.runner(t, files(t, simple...))
		_, err := r.Upgrade(ctx, "head")
		want[*migrate.StepError](t, err, "db stamp")
		if _, err := r.Stamp(ctx, "a"); err != nil {
			t.Fatal(err)
		}
		if did, err := r.Upgrade(ctx, "head"); err != nil || ids(did) != "b" {
			t.Errorf("did %s, %v", ids(did), err)
		}
	})
}

// The first runs of a ledger meet where its tables are made.
func TestRunner_makes_its_ledger_once(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	db.Exec(t, `CREATE SCHEMA "my ledgers"`)
	h := files(t, simple...)
	var all sync.WaitGroup
	for i := range 8 {
		r := runner(t, open(t, db.URL()), h, migrate.Options{Schema: "my ledgers", Name: `the "one"`, Who: fmt.Sprint(i)})
		all.Go(func() {
			if _, err := r.Upgrade(t.Context(), "head"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := db.ask(t, `SELECT string_agg(revision || action, ' ' ORDER BY id) FROM "my ledgers"."the ""one""_log"`); got != "aup bup" {
		t.Errorf("the log has %s", got)
	}
	if got := db.ask(t, `SELECT count(*)::text FROM pg_class WHERE relname LIKE 'retort%'`); got != "0" {
		t.Errorf("%s relations have another name", got)
	}
}
