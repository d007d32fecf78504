package retort_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// ends is an observer that remembers how background functions ended.
type ends struct {
	mu   sync.Mutex
	errs []error
	done chan struct{} // one for each end
}

func (*ends) FlightStart(ctx context.Context, _ retort.FlightInfo) context.Context { return ctx }
func (*ends) FlightEnd(context.Context, retort.FlightInfo)                         {}
func (e *ends) BackgroundEnd(_ context.Context, b retort.BackgroundInfo) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.errs = append(e.errs, b.Err)
	e.done <- struct{}{}
}

func TestGo(t *testing.T) {
	t.Parallel()

	t.Run("outlives_the_request_and_is_waited_for", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		eng, err := retort.Open(retort.Config{Base: library, URL: b.URL()})
		must(t, err)
		type key struct{}
		ctx, cancel := context.WithCancel(retort.WithLabels(context.WithValue(t.Context(), key{}, "mine"), retort.Labels{Route: "GET /x"}))
		cancelled, started := make(chan struct{}), make(chan struct{})
		must(t, eng.Go(ctx, func(ctx context.Context) error {
			close(started)
			<-cancelled
			if ctx.Err() != nil || ctx.Value(key{}) != "mine" || retort.LabelsOf(ctx).Route != "GET /x" {
				t.Errorf("the context says %v, %v, %v", ctx.Err(), ctx.Value(key{}), retort.LabelsOf(ctx))
			}
			_, err := retort.Run(ctx, eng, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (any, error) {
				s.Add(&Counter{Name: "behind"})
				return nil, nil
			})
			return err
		}))
		<-started
		cancel()
		closed := make(chan error, 1)
		go func() { closed <- eng.Close(context.Background()) }()
		waitFor(t, "Close has begun", func() bool {
			return errors.Is(eng.Go(t.Context(), func(context.Context) error { return nil }), retort.ErrEngineClosed)
		})
		close(cancelled)
		must(t, <-closed)
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 1 {
			t.Errorf("%d rows", n)
		}
		wantErr(t, eng.Ping(t.Context()), retort.ErrEngineClosed)
	})
	t.Run("Close_gives_up_when_its_context_ends", func(t *testing.T) {
		t.Parallel()
		eng := newBench(t).Engine
		ended := make(chan error, 1)
		must(t, eng.Go(t.Context(), func(ctx context.Context) error {
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return ctx.Err()
		}))
		ctx, cancel := contextDone()
		defer cancel()
		wantErr(t, eng.Close(ctx), context.Canceled, "1 background functions were still running")
		wantErr(t, <-ended, retort.ErrEngineClosed)
		must(t, eng.Close(t.Context()))
		wantErr(t, eng.Go(t.Context(), func(context.Context) error { return nil }), retort.ErrEngineClosed)
	})
	t.Run("Close_inside_of_it_would_wait_for_itself", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		eng, err := retort.Open(retort.Config{Base: library, URL: b.URL()})
		must(t, err)
		ended := make(chan error, 1)
		must(t, eng.Go(t.Context(), func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second) // where it waits
			defer cancel()
			ended <- eng.Close(ctx)
			return nil
		}))
		wantErr(t, <-ended, nil, "Close in a function of Engine.Go")
		must(t, eng.Ping(t.Context()))
		must(t, eng.Close(t.Context()))
	})
	t.Run("only_so_many_at_once", func(t *testing.T) {
		t.Parallel()
		eng := newBench(t, func(c *retort.Config) { c.Background = 2 }).Engine
		ask, goOn := make(chan struct{}), make(chan struct{})
		inside := make(chan error, 2)
		for range 2 {
			must(t, eng.Go(t.Context(), func(ctx context.Context) error {
				<-ask
				inside <- eng.Go(ctx, func(context.Context) error { return nil })
				<-goOn
				return nil
			}))
		}
		ctx, cancel := contextDone()
		defer cancel()
		wantErr(t, eng.Go(ctx, func(context.Context) error { return nil }), context.Canceled, "one of 2 background places")
		third := make(chan error, 1)
		ran := make(chan struct{})
		go func() { third <- eng.Go(t.Context(), func(context.Context) error { close(ran); return nil }) }()
		close(ask)
		wantErr(t, <-inside, retort.ErrBackgroundFull)
		wantErr(t, <-inside, retort.ErrBackgroundFull)
		select {
		case <-ran:
			t.Error("a third ran beside two")
		default:
		}
		close(goOn)
		must(t, <-third)
		<-ran
	})
	t.Run("who_waits_for_a_place_is_told_of_the_end", func(t *testing.T) {
		t.Parallel()
		eng := newBench(t, func(c *retort.Config) { c.Background = 1 }).Engine
		goOn := make(chan struct{})
		must(t, eng.Go(t.Context(), func(context.Context) error { <-goOn; return nil }))
		waits, closed := make(chan error, 1), make(chan error, 1)
		go func() { waits <- eng.Go(t.Context(), func(context.Context) error { return nil }) }()
		go func() { closed <- eng.Close(context.Background()) }()
		wantErr(t, <-waits, retort.ErrEngineClosed)
		close(goOn)
		must(t, <-closed)
	})
	t.Run("errors_and_panics_are_logged_and_told", func(t *testing.T) {
		t.Parallel()
		var log bytes.Buffer
		seen := &ends{done: make(chan struct{}, 4)}
		k := retorttest.New(t, library, func(c *retort.Config) {
			c.Logger, c.Observer = slog.New(slog.NewTextHandler(&log, nil)), retort.Observers(seen, &recorder{})
		})
		mine := errors.New("mine")
		ctx := retort.WithLabels(t.Context(), retort.Labels{RequestID: "r1"})
		for _, f := range []func(context.Context) error{
			func(context.Context) error { return mine },
			func(context.Context) error { panic("s3cret") },
			func(context.Context) error { runtime.Goexit(); return nil },
			func(context.Context) error { return nil },
		} {
			must(t, k.Engine.Go(ctx, f))
			<-seen.done
		}
		must(t, k.Engine.Close(t.Context()))
		text := log.String()
		for _, want := range []string{"error=mine", "request_id=r1", "panicked with a string", "stack=", "background_test.go", "runtime.Goexit"} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not in the log:\n%s", want, text)
			}
		}
		if strings.Contains(text, "s3cret") || strings.Count(text, "background function failed") != 3 {
			t.Errorf("the log:\n%s", text)
		}
		if len(seen.errs) != 4 || !errors.Is(seen.errs[0], mine) || seen.errs[1] == nil || seen.errs[2] == nil || seen.errs[3] != nil {
			t.Errorf("told %v", seen.errs)
		}
	})
	t.Run("many_callers_and_a_close", func(t *testing.T) {
		t.Parallel()
		eng := newBench(t, func(c *retort.Config) { c.Background = 3 }).Engine
		var mu sync.Mutex
		atOnce, most, ran, refused := 0, 0, 0, 0
		var work sync.WaitGroup
		for range 8 {
			work.Go(func() {
				for range 20 {
					err := eng.Go(t.Context(), func(context.Context) error {
						mu.Lock()
						atOnce++
						most = max(most, atOnce)
						mu.Unlock()
						runtime.Gosched()
						mu.Lock()
						atOnce--
						ran++
						mu.Unlock()
						return nil
					})
					if err != nil {
						wantErr(t, err, retort.ErrEngineClosed)
						mu.Lock()
						refused++
						mu.Unlock()
					}
				}
			})
		}
		work.Go(func() { must(t, eng.Close(context.Background())) })
		work.Wait()
		if most > 3 || ran+refused != 160 || atOnce != 0 {
			t.Errorf("%d at once, %d ran, %d refused, %d run on", most, ran, refused, atOnce)
		}
	})
	t.Run("nothing_to_run", func(t *testing.T) {
		t.Parallel()
		eng := newBench(t).Engine
		wantErr(t, eng.Go(t.Context(), nil), nil, "the function is nil")
		must(t, eng.Close(t.Context()))
	})
}
