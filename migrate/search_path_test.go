package migrate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/migrate"
)

// dump is what pg_dump writes in the beginning, and what follows it: the ledger is not
// in the search_path any more, or another one is.
const dump = `a:
-- +up
SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);
CREATE SCHEMA audit;
CREATE TABLE audit.retort_revisions_journal (note text);
CREATE TABLE audit.t (id int, n int);
INSERT INTO audit.t (id) SELECT generate_series(1, 25);
SET search_path = audit;
ALTER TABLE t ADD COLUMN name text DEFAULT '\''';
-- +batched SELECT count(*) FROM audit.t WHERE n IS NULL
UPDATE audit.t SET n = 1, name = '\' WHERE id IN (SELECT id FROM audit.t WHERE n IS NULL LIMIT 10) RETURNING n;

-- +down
SET search_path = audit;
DROP TABLE t, retort_revisions_journal;
DROP SCHEMA audit;
`

const behindDump = `b: a
-- +up
CREATE TABLE plain (id int);

-- +down
DROP TABLE plain;
`

func TestSearchPathOfARevision(t *testing.T) {
	t.Parallel()
	h := files(t, dump, behindDump)
	const look = `SELECT (SELECT string_agg(concat_ws(' ', id, state, checksum), ',' ORDER BY id) FROM public.retort_revisions)
		|| (SELECT string_agg(concat_ws(' ', revision, direction, step, mode, state), ',' ORDER BY revision, step) FROM public.retort_revisions_journal)
		|| (SELECT concat_ws(' ', sum(n), min(name), max(name)) FROM audit.t) || to_regclass('public.plain')::text`
	db, scripted := newDatabase(t), newDatabase(t)

	db.upgrade(t, h, "head")
	for _, step := range []struct {
		dir      migrate.Direction
		from, to string
	}{{migrate.Up, "base", "head"}, {migrate.Down, "b", "base"}, {migrate.Up, "base", "head"}} {
		text, err := migrate.Script(h, migrate.Options{}, step.dir, step.from, step.to)
		if err != nil {
			t.Fatal(err)
		}
		if err := play(t, scripted, text); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(db.ask(t, look), scripted.ask(t, look)); diff != "" {
		t.Errorf("the script leads elsewhere (-run +script)\n%s", diff)
	}
	if _, err := db.runner(t, h, migrate.Options{}).Downgrade(t.Context(), "base"); err != nil {
		t.Error(err)
	}
}

// TestLabelInQuotes: a value of an enum that has quotes itself is found.
func TestLabelInQuotes(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	db.upgrade(t, files(t, `a:
-- +up
CREATE TYPE said AS ENUM ('x');
-- +outside
ALTER TYPE said ADD VALUE '''quoted''';
`), "head")
}
