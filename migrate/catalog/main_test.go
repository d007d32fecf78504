package catalog_test

import (
	"context"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/retorttest"
)

func TestMain(m *testing.M) { retorttest.Main(m) }

// kit makes an empty database and runs sql in it, if there is any.
func kit(tb testing.TB, sql string) *retorttest.Kit {
	tb.Helper()
	k := retorttest.New(tb, retort.NewBase())
	if sql != "" {
		k.Exec(tb, sql)
	}
	return k
}

func read(tb testing.TB, k *retorttest.Kit, opts catalog.Options) *catalog.Catalog {
	tb.Helper()
	c, err := catalog.Read(context.Background(), k.Engine, opts)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// kitOn is a second engine on the same database, whose connections are new.
func kitOn(tb testing.TB, url string) *retort.Engine {
	tb.Helper()
	eng, err := retort.Open(retort.Config{URL: url, Base: retort.NewBase()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = eng.Close(context.Background()) })
	return eng
}
