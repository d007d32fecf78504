package pool

import "time"

const (
	// firstPause is what follows the first failed open of an outage; each pause is
	// twice the one before, up to the longest.
	firstPause = 10 * time.Millisecond

	// shortPause is the longest within the first shortOutage: a restart of a server
	// takes less, and its return should be noticed at once.
	shortPause  = 100 * time.Millisecond
	shortOutage = time.Second

	// soonPause follows a failure that says that success is near, for soonOutage.
	soonPause  = 20 * time.Millisecond
	soonOutage = 500 * time.Millisecond

	// longestPause bounds how late the end of a long outage is noticed.
	longestPause = 800 * time.Millisecond

	// hangsAfter is when an open that has not ended makes room for another one, so
	// that one that hangs does not hold back all.
	hangsAfter = time.Second

	// fullSpeed ends a slow start: from here on opens are not counted.
	fullSpeed = 32
)

// gate paces opens while there is trouble: one at a time until one succeeds, with
// a pause behind each that fails, then one more at a time for each that succeeds.
// The pool's mu guards it.
//
//   - Source: the additive growth per success is TCP's slow start (RFC 5681), which
//     doubles what is under way with each round.
type gate struct {
	window   int           // opens that may be under way at once; 0 is any number
	pause    time.Duration // the last one, before jitter; 0 is no outage
	since    time.Duration // when the outage began
	soon     time.Duration // when success was said to be near; 0 is not yet
	until    time.Duration // no open begins before
	round    uint64        // raised by each failure that counts
	attempts []*attempt
	timer    *time.Timer // calls wake; nil until needed
}

// attempt is one open under way.
type attempt struct {
	began time.Duration
	round uint64
}

// suspect says that something was lost that all resources share.
func (g *gate) suspect() {
	if g.window == 0 {
		g.window = 1
	}
}

// begin notes an open.
func (g *gate) begin(now time.Duration) *attempt {
	a := &attempt{began: now, round: g.round}
	g.attempts = append(g.attempts, a)
	return a
}

// end forgets an open.
func (g *gate) end(a *attempt) {
	for i, other := range g.attempts {
		if other == a {
			last := len(g.attempts) - 1
			g.attempts[i], g.attempts[last] = g.attempts[last], nil
			g.attempts = g.attempts[:last]
			return
		}
	}
}

// succeeded ends an outage, and lets one more be opened at once.
func (g *gate) succeeded(limit int) {
	g.pause, g.until, g.soon = 0, 0, 0
	if g.window == 0 {
		return
	}
	if g.window++; g.window >= min(limit, fullSpeed) {
		g.window = 0
	}
}

// failed begins an outage or goes on with it. Those that were under way together
// count once; draw is the jitter, from 0 to 1.
func (g *gate) failed(a *attempt, now time.Duration, soon bool, draw float64) {
	if a.round != g.round {
		return
	}
	g.round++
	if g.pause == 0 {
		g.since, g.pause = now, firstPause/2
	}
	longest := longestPause
	if now-g.since < shortOutage {
		longest = shortPause
	}
	pause := min(2*g.pause, longest)
	g.pause = pause
	if soon && g.soon == 0 {
		g.soon = now
	}
	if soon && now-g.soon < soonOutage {
		pause = min(pause, soonPause)
	}
	g.window = 1
	g.until = now + pause/2 + time.Duration(draw*float64(pause/2))
}

// wait is how long no open may begin: 0 for at once.
func (g *gate) wait(now time.Duration) time.Duration {
	if g.window == 0 {
		return 0
	}
	if now < g.until {
		return g.until - now
	}
	young, first := 0, now
	for _, a := range g.attempts {
		if now-a.began < hangsAfter {
			young++
			first = min(first, a.began)
		}
	}
	if young < g.window {
		return 0
	}
	return first + hangsAfter - now
}

// mayOpen reports whether an open may begin; where not, settle is called as soon
// as it may. The pool's mu is held.
func (p *Pool[R]) mayOpen() bool {
	wait := p.gate.wait(p.clock())
	if wait == 0 {
		return true
	}
	if p.gate.timer == nil {
		p.gate.timer = time.AfterFunc(wait, p.wake)
	} else {
		p.gate.timer.Reset(wait)
	}
	return false
}

func (p *Pool[R]) wake() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.settle()
}

// refuse passes a failed open on to the caller for which it was made, and to all
// that wait where nothing is out that could come back. Who has waited for less
// than Patience goes on waiting. The pool's mu is held.
func (p *Pool[R]) refuse(w *waiter[R], err error) {
	now := p.clock()
	refuse := func(w *waiter[R]) {
		if now-w.since >= p.cfg.Patience {
			p.hand(w, grant[R]{err: err})
		}
	}
	if p.total > p.leaving {
		if w.queued {
			refuse(w)
		}
		return
	}
	for w := p.queue.head; w != nil; {
		next := w.next
		if !w.working {
			refuse(w)
		}
		w = next
	}
}
