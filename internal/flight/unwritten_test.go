package flight_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/retort-go/retort/internal/flight"
)

// TestFlyUnwritten closes the way to the server: nothing of a flight leaves, which is
// known at once and for sure, COMMIT or not.
func TestFlyUnwritten(t *testing.T) {
	t.Parallel()
	db := things(t)
	for name, f := range map[string]*flight.Flight{
		"little": write("1"),
		"much":   {Begin: "BEGIN", Statements: []flight.Statement{insert("1", strings.Repeat("x", 64<<10))}, End: flight.Commit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := connect(t, db.URL())
			if err := c.Socket().(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			e := wantOutcome(t, c.Fly(t.Context(), f), flight.NotExecuted, -1)
			if !errors.Is(e, syscall.EPIPE) {
				t.Errorf("not the failure to write: %v", e)
			}
		})
	}
}

// TestFlyCommitIgnoresItsCaller who has left: only the time for COMMIT ends it.
func TestFlyCommitIgnoresItsCaller(t *testing.T) {
	t.Parallel()
	p, url := startProxy(t, things(t).URL())
	c := connect(t, url, func(cfg *flight.Config) { cfg.CommitTimeout = 300 * time.Millisecond })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p.onServer(func(kind byte, body []byte) verb {
		if commitReply(kind, body) {
			cancel()
			time.Sleep(time.Second) // longer than the time for COMMIT
		}
		return pass
	})
	e := wantOutcome(t, c.Fly(ctx, write("1")), flight.Unknown, -1)
	if errors.Is(e, context.Canceled) || !strings.Contains(e.Error(), "commit timeout") {
		t.Errorf("got %v", e)
	}
}
