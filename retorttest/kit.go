package retorttest

import (
	"context"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest/proxy"
)

// Kit is an engine on a database of the test's own, with a proxy between them
// that counts round trips and can fail on purpose.
//
//   - Concurrency: safe for many goroutines.
type Kit struct {
	*Database
	Engine *retort.Engine
	Proxy  *proxy.Proxy
}

// New makes a database with the tables of base, a proxy in front of it and an
// engine that connects through the proxy. Change adjusts the engine's settings;
// its URL and Base are set already.
//
//   - Cleanup: everything ends with the test.
//   - Errors: the test fails.
func New(tb testing.TB, base *retort.Base, change ...func(*retort.Config)) *Kit {
	tb.Helper()
	sql, err := base.SQL()
	if err != nil {
		tb.Fatalf("retorttest: %v", err)
	}
	k := &Kit{Database: NewDatabase(tb, Template{
		Key: sql,
		Fill: func(ctx context.Context, url string) error {
			eng, err := retort.Open(retort.Config{Base: base, URL: url})
			if err != nil {
				return err
			}
			defer func() { _ = eng.Close(context.WithoutCancel(ctx)) }()
			return base.CreateAll(ctx, eng)
		},
	})}
	k.Proxy = proxy.Start(tb, k.URL())
	cfg := retort.Config{Base: base, URL: k.Proxy.URL()}
	for _, c := range change {
		c(&cfg)
	}
	k.Engine, err = retort.Open(cfg)
	if err != nil {
		tb.Fatalf("retorttest: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := k.Engine.Close(ctx); err != nil {
			tb.Errorf("retorttest: %v", err)
		}
	})
	return k
}
