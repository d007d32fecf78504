package migrate_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate"
)

// play runs a script as psql does: statement by statement, until the first error.
func play(tb testing.TB, db database, script string) error {
	tb.Helper()
	statements, _, err := sqltext.Statements(script)
	if err != nil {
		tb.Fatal(err)
	}
	file := filepath.Join(tb.TempDir(), "script.sql")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		tb.Fatal(err)
	}
	psql, err := exec.LookPath("psql")
	if err != nil { // not every PostgreSQL brings it
		return playEach(tb, db, statements)
	}
	out, err := exec.CommandContext(tb.Context(), psql, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", file, db.URL()).CombinedOutput()
	if err != nil {
		return errors.New(string(out))
	}
	return nil
}

func playEach(tb testing.TB, db database, statements []sqltext.Statement) error {
	tb.Helper()
	conn := db.Conn(tb)
	for _, s := range statements {
		if _, err := conn.Exec(tb.Context(), s.SQL); err != nil {
			return err
		}
	}
	return nil
}

func TestScript(t *testing.T) {
	t.Parallel()
	h := files(t, shop...)
	script := func(dir migrate.Direction, from, to string) string {
		t.Helper()
		text, err := migrate.Script(h, migrate.Options{Who: "o'hara $1"}, dir, from, to)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}

	t.Run("is_the_same_every_time", func(t *testing.T) {
		t.Parallel()
		golden(t, "script.sql", script(migrate.Up, "base", "head")+"\n"+script(migrate.Down, "c", "base"))
	})

	t.Run("leads_where_a_run_leads", func(t *testing.T) {
		t.Parallel()
		db, other := newDatabase(t), newDatabase(t)
		if err := play(t, db, script(migrate.Up, "base", "b")); err != nil {
			t.Fatal(err)
		}
		if err := play(t, db, script(migrate.Up, "b", "head")); err != nil {
			t.Fatal(err)
		}
		other.upgrade(t, h, "head")
		look := `SELECT (SELECT string_agg(concat_ws(' ', id, parents::text, checksum, state, message), ',' ORDER BY id) FROM retort_revisions)
			|| (SELECT string_agg(concat_ws(' ', revision, direction, step, mode, state, checksum), ',' ORDER BY revision, step) FROM retort_revisions_journal)
			|| (SELECT string_agg(id || title || price, ',' ORDER BY id) FROM books)`
		if diff := cmp.Diff(other.ask(t, look), db.ask(t, look)); diff != "" {
			t.Errorf("(-run +script)\n%s", diff)
		}
		if err := db.runner(t, h).Check(t.Context()); err != nil {
			t.Errorf("Check: %v", err)
		}
		if got := db.ask(t, "SELECT DISTINCT done_by FROM retort_revisions_log"); got != "o'hara $1" {
			t.Errorf("done by %s", got)
		}
		if err := play(t, db, script(migrate.Down, "c", "base")); err != nil {
			t.Fatal(err)
		}
		if got := db.ask(t, "SELECT coalesce(to_regclass('books')::text, 'gone') || (SELECT count(*) FROM retort_revisions)"); got != "gone0" {
			t.Errorf("behind the way down: %s", got)
		}
	})

	t.Run("refuses_to_run_twice", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		db.upgrade(t, h, "a")
		if err := play(t, db, script(migrate.Up, "base", "a")); err == nil || !strings.Contains(err.Error(), "revision a is applied already") {
			t.Errorf("got %v", err)
		}
		if err := play(t, db, script(migrate.Down, "b", "a")); err == nil || !strings.Contains(err.Error(), "revision b is not applied") {
			t.Errorf("got %v", err)
		}
	})

	t.Run("is_completed_by_a_run", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		text := script(migrate.Up, "base", "head")
		at := strings.Index(text, "CREATE INDEX CONCURRENTLY")
		if err := play(t, db, text[:at]); err != nil {
			t.Fatal(err)
		}
		if got := db.current(t); got != "a|applied,b|upgrading" {
			t.Fatalf("the ledger has %s", got)
		}
		db.upgrade(t, h, "head")
		if err := db.runner(t, h).Check(t.Context()); err != nil {
			t.Error(err)
		}
	})

	t.Run("cannot_call_Go", func(t *testing.T) {
		t.Parallel()
		h := files(t, "a:\n-- +up\n-- +call\n")
		if _, err := migrate.Script(h, migrate.Options{}, migrate.Up, "base", "head"); err == nil || !strings.Contains(err.Error(), "calls a function of Go") {
			t.Errorf("got %v", err)
		}
	})
}
