package web

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
)

// TestServerConfig_limits has every limit of net/http set, whose zero values are
// none.
func TestServerConfig_limits(t *testing.T) {
	t.Parallel()
	type limits struct {
		Header, Read, Write, Idle time.Duration
		Bytes                     int
	}
	own := ServerConfig{ReadHeaderTimeout: 1, ReadTimeout: 2, WriteTimeout: 3, IdleTimeout: 4, MaxHeaderBytes: 5}
	off := ServerConfig{ReadHeaderTimeout: -1, ReadTimeout: -1, WriteTimeout: -1, IdleTimeout: -1, MaxHeaderBytes: -1}
	for name, c := range map[string]struct {
		cfg  ServerConfig
		want limits
	}{
		"by default":     {ServerConfig{}, limits{5 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 64 << 10}},
		"of one's own":   {own, limits{1, 2, 3, 4, 5}},
		"off on request": {off, limits{Bytes: 64 << 10}},
	} {
		srv := c.cfg.server(context.Background(), slog.New(slog.NewTextHandler(io.Discard, nil)), new(atomic.Bool))
		got := limits{srv.ReadHeaderTimeout, srv.ReadTimeout, srv.WriteTimeout, srv.IdleTimeout, srv.MaxHeaderBytes}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Functions of Engine.Go have what the requests leave of Grace: what must not be lost
// when the process is asked to end may take as long as a request.
func TestServe_background_functions_have_the_rest_of_Grace(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		grace, takes, over time.Duration // over: the requests
		finishes           bool
	}{
		"longer than the engine alone would wait": {time.Minute, 50 * time.Second, 0, true},
		"behind requests that took their time":    {time.Minute, 35 * time.Second, 30 * time.Second, false},
		"never less than for the connections":     {time.Second, 4 * time.Second, time.Second, true},
		"by default":                              {0, 9 * time.Second, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				eng, err := retort.Open(retort.Config{URL: "postgres://u@192.0.2.1/x?sslmode=disable"})
				if err != nil {
					t.Fatal(err)
				}
				finished := false
				err = eng.Go(t.Context(), func(ctx context.Context) error {
					select {
					case <-time.After(c.takes):
						finished = true
					case <-ctx.Done():
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				cfg := ServerConfig{Engine: eng, Grace: c.grace}
				if err := cfg.closeEngine(cfg.grace() - c.over); (err == nil) != c.finishes {
					t.Error(err)
				}
				synctest.Wait()
				if finished != c.finishes {
					t.Errorf("finished: %v", finished)
				}
			})
		})
	}
}
