package drift_test

import (
	"context"
	"errors"
	"fmt"
	"testing/fstest"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/drift"
)

// Check names each pair that is not the same; Expect is the cheap check for start-up.
func ExampleCheck() {
	ctx := context.Background()
	server, err := localpg.Start(ctx, localpg.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = server.Stop(ctx) }()
	eng, err := retort.Open(retort.Config{URL: server.URL("postgres"), Base: base, PoolSize: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = eng.Close(ctx) }()
	files := fstest.MapFS{"a1_notes.sql": {Data: []byte(first)}, "b2_due.sql": {Data: []byte(second)}}
	history, err := migrate.Read(files)
	if err != nil {
		fmt.Println(err)
		return
	}
	runner, err := migrate.New(eng, history, migrate.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := runner.Upgrade(ctx, "head"); err != nil {
		fmt.Println(err)
		return
	}
	right, err := drift.Fingerprint(ctx, eng)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int64, error) {
		return s.Exec(ctx, "ALTER TABLE notes ADD COLUMN hotfix text") // at three in the morning
	})

	var wrong *drift.FingerprintError
	fmt.Println("fingerprint differs:", errors.As(drift.Expect(eng, right)(ctx), &wrong))
	report, err := drift.Check(ctx, eng, base, history, drift.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(report)
	// Output:
	// fingerprint differs: true
	// files ≠ database (somebody changed the database by hand: undo that, or write it down as a revision and stamp it)
	//   drop column notes.hotfix
	// models ≠ database (see the pairs above; else write a revision)
	//   drop column notes.hotfix
}
