package flight

import (
	"context"
	"net"
	"sync"
	"time"
)

// lookEvery is how late the end of a context or of the time for COMMIT may be
// noticed.
const lookEvery = 10 * time.Millisecond

// vigil ends a flight whose time is over, by a deadline on its socket.
//
// A timer or a context.AfterFunc of each flight's own wakes a thread and allocates,
// for flights that take a fraction of a millisecond. So a flight only leaves here
// what bounds it, and one timer looks now and then as long as there are flights.
//
//   - Cleanup: none; the timer rests after a look that saw no flight.
type vigil struct {
	mu     sync.Mutex
	conn   net.Conn
	timer  *time.Timer
	armed  bool
	flying bool
	flew   bool            // since the last look
	cut    bool            // the flight under way was ended
	ctx    context.Context // nil for a flight with COMMIT
	until  time.Time       // the end of a flight with COMMIT
}

// begin starts to watch a flight. With commit set, only within bounds it.
func (v *vigil) begin(ctx context.Context, commit bool, within time.Duration) {
	if !commit && ctx.Done() == nil {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.flying, v.flew, v.cut = true, true, false
	if commit {
		v.until = time.Now().Add(within)
	} else {
		v.ctx = ctx
	}
	switch {
	case v.armed:
	case v.timer == nil:
		v.timer = time.AfterFunc(lookEvery, v.look)
	default:
		v.timer.Reset(lookEvery)
	}
	v.armed = true
}

// end stops to watch. When the connection goes on, a deadline that came too late
// is taken off it.
func (v *vigil) end(goesOn bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.flying, v.ctx = false, nil
	if v.cut && goesOn {
		_ = v.conn.SetDeadline(time.Time{})
	}
	v.cut = false
}

// look runs on the timer's goroutine.
func (v *vigil) look() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.flew {
		v.armed = false
		return
	}
	if v.flying && !v.cut && v.over() {
		v.cut = true
		_ = v.conn.SetDeadline(time.Unix(1, 0))
	}
	v.flew = v.flying
	v.timer.Reset(lookEvery)
}

func (v *vigil) over() bool {
	if v.ctx != nil {
		return v.ctx.Err() != nil
	}
	return !time.Now().Before(v.until)
}
