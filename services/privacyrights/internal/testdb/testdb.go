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
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/services/privacyrights/model"
)

// New makes a database with the service's schema and no rows.
//
//   - Cleanup: by itself, at the end of the test.
func New(tb testing.TB) *retorttest.Database {
	tb.Helper()
	sql, err := model.Base().SQL()
	if err != nil {
		tb.Fatal(err)
	}
	return retorttest.NewDatabase(tb, retorttest.Template{Key: "privacyrights " + sql, Fill: createAll})
}

func createAll(ctx context.Context, url string) error {
	base := model.Base()
	eng, err := retort.Open(retort.Config{Base: base, URL: url})
	if err != nil {
		return err
	}
	if err := base.CreateAll(ctx, eng); err != nil {
		_ = eng.Close(ctx)
		return err
	}
	return eng.Close(ctx)
}

// Open opens an engine on url with the service's own pool.
//
//   - Cleanup: by itself, at the end of the test.
func Open(tb testing.TB, url string) *retort.Engine {
	tb.Helper()
	eng, err := retort.Open(retort.Config{Base: model.Base(), URL: url, PoolSize: 10, MaxOverflow: 20, PrePing: true})
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
