// Package testdb gives the service's tests databases of their own, with its
// schema in them.
//
// The one idea: the schema is made once, as a template; each test gets a copy.
//
//	db := testdb.New(t)
//	eng := testdb.Open(t, db.URL())
//
// It is for tests only. The service's test packages sit above it; retorttest
// below.
package testdb

import (
	"context"
	"errors"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/services/privacyrights/model"
	"github.com/retort-go/retort/services/privacyrights/revisions"
)

// New makes a database with the service's schema and no rows.
//
//   - Cleanup: by itself, at the end of the test.
func New(tb testing.TB) *retorttest.Database {
	tb.Helper()
	history, err := revisions.History()
	if err != nil {
		tb.Fatal(err)
	}
	key := "privacyrights"
	for _, r := range history.Revisions() {
		key += " " + r.ID + " " + r.Checksum()
	}
	return retorttest.NewDatabase(tb, retorttest.Template{Key: key, Fill: func(ctx context.Context, url string) error {
		return upgrade(ctx, url, history)
	}})
}

func upgrade(ctx context.Context, url string, history *migrate.History) error {
	eng, err := retort.Open(retort.Config{Base: model.Base(), URL: url})
	if err != nil {
		return err
	}
	runner, err := migrate.New(eng, history, migrate.Options{})
	if err == nil {
		_, err = runner.Upgrade(ctx, "head")
	}
	return errors.Join(err, eng.Close(ctx))
}

// Open opens an engine on url with the service's own pool.
//
//   - Cleanup: by itself, at the end of the test.
func Open(tb testing.TB, url string) *retort.Engine {
	tb.Helper()
	cfg := retort.Config{Base: model.Base(), URL: url, PoolSize: 10, MaxOverflow: 20, PrePing: true}
	retorttest.Record(tb, &cfg)
	eng, err := retort.Open(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := eng.Close(context.WithoutCancel(tb.Context())); err != nil {
			tb.Error(err)
		}
	})
	return eng
}
