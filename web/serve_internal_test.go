package web

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
