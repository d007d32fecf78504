package pool_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/pool"
)

func TestNew(t *testing.T) {
	t.Parallel()
	t.Run("opens nothing", func(t *testing.T) {
		t.Parallel()
		srv := &server{}
		p := open(t, srv.config())
		if got := p.Stats(); cmp.Diff(pool.Stats{Size: 5, Overflow: 10}, got) != "" || srv.tried() != 0 {
			t.Errorf("a new pool has %+v after %d attempts", got, srv.tried())
		}
	})

	t.Run("reports all problems at once", func(t *testing.T) {
		t.Parallel()
		_, err := pool.New(pool.Config[*conn]{
			PrePing: true, Reset: func(context.Context, *conn) error { return nil },
			Size: -2, Overflow: -2, Timeout: -1, Recycle: -1, PingAfter: -1, PingTimeout: -1, ResetTimeout: -1,
		})
		if err == nil {
			t.Fatal("New accepted it")
		}
		var got []string
		for line := range strings.Lines(err.Error()) {
			name, _, _ := strings.Cut(strings.TrimPrefix(line, "pool: Config."), " ")
			got = append(got, name)
		}
		want := []string{"Open", "Close", "PrePing", "NeedsReset", "Size", "Overflow", "Timeout", "Recycle", "PingAfter", "PingTimeout", "ResetTimeout"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("problems (-want +got):\n%s\n%v", diff, err)
		}
	})

	t.Run("refuses NeedsReset without Reset", func(t *testing.T) {
		t.Parallel()
		cfg := (&server{}).config()
		cfg.NeedsReset = func(*conn) bool { return true }
		if _, err := pool.New(cfg); err == nil || !strings.Contains(err.Error(), "go together") {
			t.Errorf("New: %v", err)
		}
	})
}

// The rule for limits, and S21: what SQLAlchemy calls pool_size 0 is -1 here.
func TestLimits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		size, overflow int
		want           [2]int
		room           int // how many can be borrowed, up to 50
	}{
		{"default to 5 and 10", 0, 0, [2]int{5, 10}, 15},
		{"take overflow 0 as none when a size is given", 3, 0, [2]int{3, 0}, 3},
		{"take both as written", 10, 20, [2]int{10, 20}, 30},
		{"keep the default size beside an overflow", 0, 2, [2]int{5, 2}, 7},
		{"lift by an unlimited size", pool.Unlimited, 0, [2]int{-1, 0}, 50},
		{"lift by an unlimited overflow", 2, pool.Unlimited, [2]int{2, -1}, 50},
		{"survive numbers that do not add up", math.MaxInt, math.MaxInt, [2]int{math.MaxInt, math.MaxInt}, 50},
	} {
		bubble(t, c.name, func(t *testing.T) {
			cfg := (&server{}).config()
			cfg.Size, cfg.Overflow, cfg.Timeout = c.size, c.overflow, time.Second
			p := open(t, cfg)
			if s := p.Stats(); s.Size != c.want[0] || s.Overflow != c.want[1] {
				t.Errorf("limits are %d + %d, want %v", s.Size, s.Overflow, c.want)
			}
			var leases []pool.Lease[*conn]
			for len(leases) < 50 {
				l, err := p.Acquire(t.Context())
				if err != nil {
					break
				}
				leases = append(leases, l)
			}
			if len(leases) != c.room {
				t.Errorf("lent %d, want %d", len(leases), c.room)
			}
			releaseAll(leases)
		})
	}
}
