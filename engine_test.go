package retort_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pool"
	"github.com/retort-go/retort/retorttest"
)

func TestEngineIsLazy(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	s := b.session(t)
	s.Add(&Counter{Name: "x"})
	s.Delete(&Counter{})
	must(t, s.Rollback(ctx))
	must(t, s.Commit(ctx))
	if n := b.Proxy.Counts().Connections; n != 0 {
		t.Errorf("%d connections were opened for nothing", n)
	}
	must(t, b.Engine.Ping(ctx))
	if stats := b.Engine.Stats(); stats.Idle != 1 || stats.InUse != 0 || stats.Opened != 1 {
		t.Errorf("stats after one ping: %+v", stats)
	}
}

func TestEngineWithoutServer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	b.Proxy.RefuseConnections(true)
	err := b.Engine.Ping(ctx)
	wantErr(t, err, nil, "cannot connect")
	s := b.session(t)
	s.Add(&Counter{Name: "x"})
	wantErr(t, s.Commit(ctx), nil, "cannot connect")
	b.Proxy.RefuseConnections(false)
	must(t, s.Commit(ctx))
	must(t, b.Engine.Ping(ctx))
}

func TestEngineClose(t *testing.T) {
	t.Parallel()
	ctx := t.Context()

	t.Run("waits_for_sessions_and_refuses_new_ones", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.Engine.Session()
		s.Add(&Counter{Name: "in time"})
		must(t, s.Flush(ctx))
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		wantErr(t, b.Engine.Close(short), context.DeadlineExceeded, "1 still in use")
		other := b.session(t)
		_, err := Counters.Get(ctx, other, "x")
		wantErr(t, err, retort.ErrEngineClosed)
		wantErr(t, b.Engine.Ping(ctx), retort.ErrEngineClosed)
		if !errors.Is(err, pool.ErrClosed) {
			t.Errorf("%v is not pool.ErrClosed", err)
		}
		var work sync.WaitGroup
		for range 3 {
			work.Go(func() { must(t, b.Engine.Close(ctx)) })
		}
		must(t, s.Commit(ctx))
		must(t, s.Close(ctx))
		work.Wait()
		must(t, b.Engine.Close(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 1 {
			t.Errorf("%d rows", n)
		}
		waitFor(t, "no connection is left", func() bool {
			return b.QueryInt(t, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()") == 0
		})
	})
	t.Run("of_an_engine_that_did_nothing", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		must(t, b.Engine.Close(ctx))
		must(t, b.Engine.Close(ctx))
	})
}

func TestPoolTimeout(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *retort.Config) { c.PoolSize, c.PoolTimeout = 1, 3*time.Second }) // connecting is part of it
	ctx := t.Context()
	holder := b.session(t)
	_, err := holder.Exec(ctx, "SELECT 1")
	must(t, err)
	s := b.session(t)
	s.Add(&Counter{Name: "later"})
	begin := time.Now()
	err = s.Commit(ctx)
	if timeout, ok := errors.AsType[*pool.TimeoutError](err); !ok || time.Since(begin) < 3*time.Second || timeout.InUse != 1 {
		t.Errorf("got %v after %s", err, time.Since(begin))
	}
	must(t, holder.Close(ctx))
	must(t, s.Commit(ctx))
}

// TestNestedSessions has each of many requests ask for a second session while it
// holds a connection of a pool of one: the pool's time limit ends them all.
func TestNestedSessions(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *retort.Config) { c.PoolSize, c.PoolTimeout = 1, 30*time.Millisecond })
	ctx := t.Context()
	var work sync.WaitGroup
	for range 20 {
		work.Go(func() {
			outer, inner := b.Engine.Session(), b.Engine.Session()
			_, _ = outer.Exec(ctx, "SELECT 1")
			_, _ = inner.Exec(ctx, "SELECT 1")
			_ = inner.Close(ctx)
			_ = outer.Close(ctx)
		})
	}
	work.Wait()
	b.idle(t)
}

func TestEngine_says_where_an_IPv6_address_ends(t *testing.T) {
	t.Parallel()
	eng := open(t, retort.Config{Base: library, URL: "postgres://u@[2001:db8::1]:5433/shop?sslmode=disable"})
	if got := eng.String(); got != "retort.Engine([2001:db8::1]:5433/shop)" {
		t.Errorf("got %s", got)
	}
}

func TestEngineNeverPrintsThePassword(t *testing.T) {
	t.Parallel()
	eng, err := retort.Open(retort.Config{URL: "postgres://jane:s3cr3t@127.0.0.1:1/db?sslmode=disable"})
	must(t, err)
	defer eng.Close(t.Context())
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "engine", eng)
	asJSON, _ := json.Marshal(map[string]any{"engine": eng, "session": eng.Session()})
	for _, text := range []string{
		fmt.Sprint(eng), fmt.Sprintf("%v %+v %#v %s %q %d %x", eng, eng, eng, eng, eng, eng, eng),
		log.String(), string(asJSON), fmt.Sprint(eng.Ping(t.Context())), fmt.Sprintf("%+v", eng.Session()), fmt.Sprintf("%#v", eng.Session()),
	} {
		if strings.Contains(text, "s3cr3t") || strings.Contains(text, fmt.Sprintf("%x", "s3cr3t")) {
			t.Errorf("the password is in %.200s", text)
		}
	}
}

// An engine that is closed while a connection is being opened gave the operator
// an ERROR to look into, although nothing was wrong.
func TestCloseDuringConnectLogsNoError(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	k := retorttest.New(t, library, func(c *retort.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	k.Proxy.BlackHole(true)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := k.Engine.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Ping behind a black hole: %v", err)
	}
	must(t, k.Engine.Close(context.Background()))
	if text := log.String(); strings.Contains(text, "ERROR") || !strings.Contains(text, "given up") {
		t.Errorf("the log says\n%s", text)
	}
}
