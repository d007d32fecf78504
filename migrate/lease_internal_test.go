package migrate

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Two upgrades that wait for the same lock do not meet again and again: pauses grow
// and are drawn.
func TestPause(t *testing.T) {
	t.Parallel()
	most := 200 * time.Millisecond
	for attempt := 1; attempt <= 12; attempt++ {
		synctest.Test(t, func(t *testing.T) {
			seen := map[time.Duration]bool{}
			for range 20 {
				begin := time.Now()
				if err := pause(t.Context(), attempt); err != nil {
					t.Fatal(err)
				}
				took := time.Since(begin)
				if took < most/2 || took > most {
					t.Errorf("attempt %d: a pause of %v, want %v to %v", attempt, took, most/2, most)
				}
				seen[took] = true
			}
			if len(seen) < 10 {
				t.Errorf("attempt %d: only %d different pauses of 20", attempt, len(seen))
			}
		})
		most = min(2*most, 10*time.Second)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	cancel(gone)
	if err := pause(ctx, 5); !errors.Is(err, gone) {
		t.Errorf("of a context that is over: %v", err)
	}
}
