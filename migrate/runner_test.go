package migrate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/retort-go/retort/migrate"
)

var shop = []string{`a:
-- +up
CREATE TABLE books (id bigint PRIMARY KEY, title text);
INSERT INTO books SELECT n, 'title ' || n FROM generate_series(1, 10) n;
-- +down
DROP TABLE books;
`, `b: a
-- +up
ALTER TABLE books ADD COLUMN price int;
-- +outside
CREATE INDEX CONCURRENTLY ix_books_price ON books (price);
ALTER TABLE books ADD CONSTRAINT ck CHECK (price > 0) NOT VALID;
-- +alone
ALTER TABLE books VALIDATE CONSTRAINT ck;
-- +down
ALTER TABLE books DROP CONSTRAINT ck;
-- +outside
DROP INDEX CONCURRENTLY ix_books_price;
ALTER TABLE books DROP COLUMN price;
`, `c: b
-- +up
-- +batched SELECT count(*) FROM books WHERE price IS NULL
UPDATE books SET price = 1 WHERE id IN (SELECT id FROM books WHERE price IS NULL ORDER BY id LIMIT 3);
-- +outside repeatable
VACUUM books;
-- +down
UPDATE books SET price = NULL;
`}

func TestRunner(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	h := files(t, shop...)
	var events []string
	r := db.runner(t, h, migrate.Options{Who: "ann", OnEvent: func(e migrate.Event) {
		if e.Kind == migrate.BatchDone || e.Kind == migrate.RevisionDone {
			events = append(events, strings.TrimSpace(string(e.Kind)+" "+e.Revision.ID))
		}
	}})
	ctx := t.Context()

	plan, err := r.Plan(ctx, migrate.Up, "head")
	if err != nil || ids(plan) != "a b c" {
		t.Fatalf("Plan: %s, %v", ids(plan), err)
	}
	if err := r.Check(ctx); err == nil || !strings.Contains(err.Error(), "3 revisions are not applied") {
		t.Errorf("Check before: %v", err)
	}
	if got := db.ask(t, "SELECT count(*)::text FROM pg_class WHERE relname LIKE 'retort%'"); got != "0" {
		t.Errorf("looking has made %s relations", got)
	}
	did, err := r.Upgrade(ctx, "head")
	if err != nil || ids(did) != "a b c" {
		t.Fatalf("Upgrade: %s, %v", ids(did), err)
	}
	if got := strings.Join(events, ", "); got != "revision done a, revision done b, batch done c, batch done c, batch done c, batch done c, batch done c, revision done c" {
		t.Errorf("events: %s", got)
	}
	if got := db.ask(t, "SELECT count(price)::text, (SELECT bool_and(indisvalid)::text FROM pg_index WHERE indrelid = 'books'::regclass) FROM books"); got != "10|true" {
		t.Errorf("the database has %s", got)
	}
	if err := r.Check(ctx); err != nil {
		t.Errorf("Check after: %v", err)
	}
	did, err = r.Upgrade(ctx, "head")
	if err != nil || len(did) != 0 {
		t.Errorf("a second upgrade did %s, %v", ids(did), err)
	}
	current, err := r.Current(ctx)
	if err != nil || ids(current) != "c" {
		t.Errorf("Current: %s, %v", ids(current), err)
	}
	did, err = r.Downgrade(ctx, "-1")
	if err != nil || ids(did) != "c" {
		t.Errorf("Downgrade -1: %s, %v", ids(did), err)
	}
	did, err = r.Downgrade(ctx, "base")
	if err != nil || ids(did) != "b a" {
		t.Errorf("Downgrade base: %s, %v", ids(did), err)
	}
	if got := db.ask(t, "SELECT coalesce(to_regclass('books')::text, 'gone')"); got != "gone" {
		t.Errorf("books is %s", got)
	}
	log, err := r.Log(ctx)
	var lines []string
	for _, e := range log {
		lines = append(lines, e.Action+" "+e.Revision+" by "+e.By)
	}
	if got := strings.Join(lines, ", "); err != nil || got != "up a by ann, up b by ann, up c by ann, down c by ann, down b by ann, down a by ann" {
		t.Errorf("Log: %s, %v", got, err)
	}
	status, err := r.Status(ctx)
	if err != nil || status.Holder != nil || !status.Exists || len(status.Records) != 0 || len(status.Problems) != 0 {
		t.Errorf("Status: %+v, %v", status, err)
	}
}

func TestRunner_tells_what_failed(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	broken := strings.Replace(shop[1], "ADD CONSTRAINT ck CHECK (price > 0) NOT VALID", "ADD CONSTRAINT ck CHECK (\n  price >) NOT VALID", 1)
	_, err := db.runner(t, files(t, shop[0], broken)).Upgrade(t.Context(), "head")
	step, ok := errors.AsType[*migrate.StepError](err)
	if !ok || step.Step != 3 || step.Kept != 2 || step.Line != 9 || !strings.Contains(err.Error(), "migrations/b_test.sql:9") {
		t.Fatalf("got %+v, %v", step, err)
	}
	if got := db.current(t); got != "a|applied,b|upgrading" {
		t.Errorf("the ledger has %s", got)
	}

	// The step that failed is mended, those before it are left as they were.
	db.upgrade(t, files(t, shop...), "head")
	if got := db.current(t); got != "a|applied,b|applied,c|applied" {
		t.Errorf("the ledger has %s", got)
	}
}

// The ledger says what was done, by whom, when, how long it took and in which
// direction, step by step.
func TestRunner_keeps_its_books(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	h := files(t, "a:\n-- +up\nCREATE TABLE t AS SELECT i FROM generate_series(1, 5) i;\n-- +down\nDROP TABLE t;\n",
		"b: a\n-- +up\nSELECT pg_sleep(0.05);\n-- +outside\nCREATE INDEX CONCURRENTLY ix ON t (i);\n-- +batched SELECT count(*) FROM t WHERE i < 5\nDELETE FROM t WHERE i = (SELECT min(i) FROM t WHERE i < 5);\n-- +down\nDROP INDEX ix;\n")
	ctx := t.Context()
	begun := db.ask(t, "SELECT clock_timestamp()::text")
	if _, err := db.runner(t, h, migrate.Options{Who: "ann"}).Upgrade(ctx, "head"); err != nil {
		t.Fatal(err)
	}
	first, err := db.runner(t, h).Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var journal []string
	for _, s := range first.Journal {
		if s.Checksum == "" || !s.Done {
			t.Errorf("%+v", s)
		}
		journal = append(journal, fmt.Sprintf("%s %s %d %s %d/%d", s.Revision, s.Direction, s.Step, s.Mode, s.Rows, s.Total))
	}
	if got := strings.Join(journal, ", "); got != "a up 1 together 0/0, b up 1 together 0/0, b up 2 outside 0/0, b up 3 batched 4/4" {
		t.Errorf("the journal has %s", got)
	}
	if _, err := db.runner(t, h, migrate.Options{Who: "bob"}).Downgrade(ctx, "-1"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.runner(t, h).Upgrade(ctx, "head"); err != nil {
		t.Fatal(err)
	}
	r := db.runner(t, h)
	status, err := r.Status(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var records []string
	for _, rec := range status.Records {
		if rec.Checksum != h.Get(rec.ID).Checksum() || rec.Message != "make "+rec.ID {
			t.Errorf("%+v", rec)
		}
		records = append(records, rec.ID+" follows "+strings.Join(rec.Parents, "+")+", "+string(rec.State)+" by "+rec.By)
	}
	if got := strings.Join(records, "; "); got != "a follows , applied by ann; b follows a, applied by retort" { // the role that connects
		t.Errorf("the ledger has %s", got)
	}
	log, err := r.Log(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var entries []string
	for i, e := range log {
		if e.Checksum != h.Get(e.Revision).Checksum() || e.At.IsZero() || i > 0 && e.At.Before(log[i-1].At) || e.Action == "up" && e.Revision == "b" && e.Duration < 50*time.Millisecond {
			t.Errorf("%+v", e)
		}
		entries = append(entries, e.Action+" "+e.Revision+" by "+e.By)
	}
	if got := strings.Join(entries, ", "); got != "up a by ann, up b by ann, down b by bob, up b by retort" {
		t.Errorf("the log has %s", got)
	}
	if got := db.ask(t, "SELECT bool_and(done_at BETWEEN '"+begun+"' AND clock_timestamp())::text FROM retort_revisions_log"); got != "true" {
		t.Error("it was done at another time")
	}
}
