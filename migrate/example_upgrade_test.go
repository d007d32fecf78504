package migrate_test

import (
	"context"
	"embed"
	"errors"
	"fmt"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/migrate"
)

//go:embed testdata/guide/*.sql
var migrations embed.FS

// upgradeOnStart is what a service calls before it serves.
func upgradeOnStart(ctx context.Context, eng *retort.Engine) error {
	history, err := migrate.Read(migrations)
	if err != nil {
		return err
	}
	runner, err := migrate.New(eng, history, migrate.Options{
		AllowNewer: true, // the release before this one can start again
		OnEvent: func(e migrate.Event) {
			if e.Kind == migrate.RevisionDone {
				fmt.Println(e.Direction, e.Revision)
			}
		},
	})
	if err != nil {
		return err
	}
	_, err = runner.Upgrade(ctx, "head")
	return err
}

// A service brings its database up to date by the revisions that are embedded in it.
// A second start finds nothing to do.
func ExampleRunner_Upgrade() {
	ctx := context.Background()
	server, err := localpg.Start(ctx, localpg.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = server.Stop(ctx) }()
	eng, err := retort.Open(retort.Config{URL: server.URL("postgres")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = eng.Close(ctx) }()

	fmt.Println(upgradeOnStart(ctx, eng))
	fmt.Println(upgradeOnStart(ctx, eng))
	// Output:
	// up 91b0c6d2f7aa (make requests)
	// up 4f1d20c97a3e (add due date)
	// <nil>
	// <nil>
}

// Two people made a revision on top of the same one. Nothing is lost: a third one
// follows both.
func ExampleHistory_Heads() {
	base := &migrate.Revision{ID: "91b0c6d2f7aa", Message: "make requests"}
	due := &migrate.Revision{ID: "4f1d20c97a3e", Parents: []string{base.ID}, Message: "add due date"}
	note := &migrate.Revision{ID: "c07be1a2d964", Parents: []string{base.ID}, Message: "add note"}
	history, err := migrate.NewHistory(base, due, note)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = history.Upgrade(nil, "head")
	if heads, ok := errors.AsType[*migrate.HeadsError](err); ok {
		fmt.Println(len(heads.Heads), "heads:", heads.Command())
	}

	merge := &migrate.Revision{ID: "e55a8d0f1b27", Parents: []string{due.ID, note.ID}, Message: "merge"}
	history, err = migrate.NewHistory(base, due, note, merge)
	if err != nil {
		fmt.Println(err)
		return
	}
	way, err := history.Upgrade([]string{base.ID, due.ID}, "head")
	fmt.Println(way, err)
	// Output:
	// 2 heads: db merge 4f1d20c97a3e c07be1a2d964
	// [c07be1a2d964 (add note) e55a8d0f1b27 (merge)] <nil>
}

// copyNames moves data with a function of Go, a thousand rows at a time. The cursor is
// committed with the rows, so a run that was broken off goes on behind them.
func copyNames(ctx context.Context, s *retort.Session, b *migrate.Batch) error {
	ids, err := retort.SQL[int64](`UPDATE people SET full_name = first || ' ' || last
WHERE id IN (SELECT id FROM people WHERE id > coalesce(nullif($1, '')::bigint, 0) ORDER BY id LIMIT 1000)
RETURNING id`, b.Cursor).All(ctx, s)
	if err != nil || len(ids) == 0 {
		return err
	}
	last := ids[0]
	for _, id := range ids {
		last = max(last, id)
	}
	b.Cursor, b.Rows, b.More = fmt.Sprint(last), b.Rows+int64(len(ids)), true
	return nil
}

// What SQL cannot say is a function of Go, called where the file has -- +call.
func ExampleFunction() {
	ctx := context.Background()
	server, err := localpg.Start(ctx, localpg.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = server.Stop(ctx) }()
	eng, err := retort.Open(retort.Config{URL: server.URL("postgres")})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = eng.Close(ctx) }()

	revision, err := migrate.Parse("a7_names.sql", `-- revision: a7
-- parents:
-- +up
CREATE TABLE people AS SELECT i::bigint AS id, 'Ada' AS first, 'No ' || i AS last, '' AS full_name FROM generate_series(1, 2500) i;
-- +call
`)
	if err != nil {
		fmt.Println(err)
		return
	}
	history, err := migrate.NewHistory(revision)
	if err != nil {
		fmt.Println(err)
		return
	}
	runner, err := migrate.New(eng, history, migrate.Options{
		Functions: map[string]migrate.Functions{"a7": {Up: copyNames}},
		OnEvent: func(e migrate.Event) {
			if e.Kind == migrate.BatchDone {
				fmt.Println(e.Rows, "rows")
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = runner.Upgrade(ctx, "head")
	fmt.Println(err)
	// Output:
	// 1000 rows
	// 2000 rows
	// 2500 rows
	// 2500 rows
	// <nil>
}
