package retort_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// fill writes n counters.
func fill(t *testing.T, k *retorttest.Kit, n int) {
	t.Helper()
	k.Exec(t, "INSERT INTO counters SELECT 'counter ' || g, g FROM generate_series(1, $1::int) g", n)
}

// settled fails the test unless the engine is as good as new.
func settled(t *testing.T, k *retorttest.Kit, s *retort.Session) {
	t.Helper()
	// What was given up in the middle is drained behind the caller's back.
	waitFor(t, "no connection is in use", func() bool { return k.Engine.Stats().InUse == 0 })
	if _, err := Counters.Query().Count(context.Background(), s); err != nil {
		t.Errorf("the session is spoilt: %v", err)
	}
}

func TestIterEndsEarly(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	fill(t, k, 20000)
	ctx := t.Context()
	all := Counters.OrderBy(retort.Asc(&Counters.C.Value))
	t.Run("break", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		for _, stop := range []int64{1, 19500, 20000} {
			var last int64
			for c, err := range all.Iter(ctx, s) {
				must(t, err)
				if last = c.Value; last == stop {
					break
				}
			}
			if last != stop {
				t.Errorf("stopped at %d, want %d", last, stop)
			}
			settled(t, k, s)
		}
	})
	t.Run("break_in_a_transaction_keeps_it", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		s.Add(&Counter{Name: "mine", Value: 0})
		for c, err := range all.Iter(ctx, s) {
			must(t, err)
			if c.Name != "mine" {
				t.Errorf("the session's own row is not the first: %+v", c)
			}
			break
		}
		if !s.Wrote() {
			t.Error("the transaction is gone")
		}
		must(t, s.Commit(ctx))
		k.Exec(t, "DELETE FROM counters WHERE name = 'mine'")
	})
	t.Run("panic", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		func() {
			defer func() {
				if r := recover(); r != "mine" {
					t.Errorf("recovered %v", r)
				}
			}()
			for _, err := range all.Iter(ctx, s) {
				must(t, err)
				panic("mine")
			}
		}()
		settled(t, k, s)
	})
	t.Run("goexit", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for _, err := range all.Iter(ctx, s) {
				if err == nil {
					runtime.Goexit()
				}
				t.Error(err)
			}
		}()
		<-done
		settled(t, k, s)
	})
	t.Run("close_inside_the_loop", func(t *testing.T) {
		s := k.Engine.Session()
		n := 0
		for _, err := range all.Limit(3).Iter(ctx, s) {
			must(t, err)
			if err := s.Close(ctx); !errors.Is(err, retort.ErrIterOpen) {
				t.Errorf("Close says %v", err)
			}
			n++
		}
		if n != 3 {
			t.Errorf("%d rows", n)
		}
		if _, err := all.Count(ctx, s); !errors.Is(err, retort.ErrSessionClosed) {
			t.Errorf("afterwards: %v", err)
		}
	})
	t.Run("cancel", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		n, errs := 0, 0
		for _, err := range all.Iter(ctx, s) {
			if err != nil {
				errs++
				if !errors.Is(err, context.Canceled) {
					t.Errorf("got %v", err)
				}
				continue
			}
			if n++; n == 10 {
				cancel()
			}
		}
		if errs != 1 || n == 20000 {
			t.Errorf("%d errors after %d rows", errs, n)
		}
		settled(t, k, s)
	})
}

func TestIterErrors(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	fill(t, k, 3000)
	ctx := t.Context()
	// The expression fails when the server comes to the last row.
	k.Exec(t, "ALTER TABLE counters RENAME TO source")
	k.Exec(t, "CREATE VIEW counters AS SELECT name, 10 / (3000 - value) AS value FROM source")
	s := k.Engine.Session()
	defer s.Close(ctx)
	n, errs := 0, 0
	for c, err := range Counters.Query().Iter(ctx, s) {
		if err == nil {
			n++
			continue
		}
		errs++
		if c != nil || !strings.Contains(err.Error(), "22012") {
			t.Errorf("got %v, %v", c, err)
		}
	}
	if n == 0 || n >= 3000 || errs != 1 {
		t.Errorf("%d rows and %d errors", n, errs)
	}
	for _, err := range Authors.With(&Authors.C.Books).Iter(ctx, s) {
		if err == nil || !strings.Contains(err.Error(), "Iter does not load relations") {
			t.Errorf("with a relation: %v", err)
		}
	}
	for _, err := range Counters.Where(retort.Eq(&Authors.C.Name, "x")).Iter(ctx, s) {
		if err == nil {
			t.Error("a bad query gave a row")
		}
	}
	if n := k.Engine.Stats().InUse; n != 0 {
		t.Errorf("%d connections are in use", n)
	}
}

// TestIterOfMillionRows measures what is alive while rows pass by.
func TestIterOfMillionRows(t *testing.T) {
	k := retorttest.New(t, library)
	const rows = 1000000 / slowdown
	k.Exec(t, "DROP TABLE counters")
	k.Exec(t, fmt.Sprintf("CREATE VIEW counters AS SELECT 'counter ' || g AS name, g::bigint AS value FROM generate_series(1, %d) g", rows))
	eng := open(t, retort.Config{Base: library, URL: k.URL()}) // past the proxy, which has a heap, too
	s := eng.Session()
	defer s.Close(t.Context())
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var before, most uint64
	var n, sum int64
	for c, err := range Counters.Query().Iter(t.Context(), s) {
		must(t, err)
		n++
		sum += c.Value
		switch n {
		case 1000:
			before = live()
		case rows / 4, rows / 2, rows - 1:
			most = max(most, live())
		}
	}
	if n != rows || sum != n*(n+1)/2 {
		t.Errorf("%d rows, sum %d", n, sum)
	}
	if most > before+1<<20 {
		t.Errorf("the heap grew from %d to %d bytes", before, most)
	}
}
