package retorttest

import (
	"context"
	"sync"
	"sync/atomic"
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

	direct func() *retort.Engine // past the proxy, for Make
	models []retort.Model
	made   atomic.Int64 // rows that Make has made
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
	models, err := base.Models()
	if err != nil {
		tb.Fatalf("retorttest: %v", err)
	}
	k := &Kit{models: models, Database: NewDatabase(tb, Template{
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
	sent := record(tb, k.URL()) // written behind the engine's end, before the database's
	k.Proxy = proxy.Start(tb, k.URL())
	cfg := retort.Config{Base: base, URL: k.Proxy.URL()}
	for _, c := range change {
		c(&cfg)
	}
	if sent != nil {
		cfg.Observer = retort.Observers(cfg.Observer, sent)
	}
	k.Engine = open(tb, cfg)
	cfg.URL, cfg.PoolSize, cfg.MaxOverflow = k.URL(), 2, 0
	cfg.Lender, cfg.Rehearse, cfg.Echo, cfg.EchoParams, cfg.Observer, cfg.PgxTracer = nil, false, false, false, nil, nil
	k.direct = sync.OnceValue(func() *retort.Engine { return open(tb, cfg) })
	return k
}

// open is an engine that ends with the test.
func open(tb testing.TB, cfg retort.Config) *retort.Engine {
	tb.Helper()
	eng, err := retort.Open(cfg)
	if err != nil {
		tb.Fatalf("retorttest: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := eng.Close(ctx); err != nil {
			tb.Errorf("retorttest: %v", err)
		}
	})
	return eng
}
