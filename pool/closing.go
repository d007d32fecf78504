package pool

import "time"

// drop gives up s and closes it behind the caller's back. Its place is free when
// Close has returned, and at the latest after CloseGrace: a Close that hangs holds
// back nobody, unless as many as may be open hang already. mu is held.
func (p *Pool[R]) drop(s *slot[R], why Reason, cause error) {
	s.cleanup.Stop()
	p.forgetLoan(s.loan)
	p.counts.closed.add(why)
	p.closing++
	p.leaving++
	f := &farewell{holds: true}
	if p.cfg.CloseGrace == 0 {
		p.vacate(f)
	} else {
		f.timer = time.AfterFunc(p.cfg.CloseGrace, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			if p.closing-p.leaving < p.limit {
				p.vacate(f)
				p.settle()
			} else if f.holds {
				p.crowd = append(p.crowd, f)
			}
		})
	}
	go p.runClose(s, f, why, cause)
}

// farewell is a resource that is being closed; the pool's mu guards it.
type farewell struct {
	holds bool // still has its place
	timer *time.Timer
}

// vacate frees the place that a farewell still has; mu is held.
func (p *Pool[R]) vacate(f *farewell) {
	if f.holds {
		f.holds = false
		p.leaving--
		p.total--
	}
}

// runClose closes a resource.
func (p *Pool[R]) runClose(s *slot[R], f *farewell, why Reason, cause error) {
	defer func() {
		if f.timer != nil {
			f.timer.Stop()
		}
		p.mu.Lock()
		p.vacate(f)
		p.closing--
		p.uncrowd()
		p.settle()
		p.mu.Unlock()
	}()
	p.emit(Event{Kind: EventClosed, Reason: why, Duration: p.clock() - s.opened, Err: cause})
	_ = p.close(s) // a panic was told to the observer; there is nobody else to tell
}

// uncrowd lets those go whose grace is over, as far as there is room; mu is held.
func (p *Pool[R]) uncrowd() {
	for len(p.crowd) > 0 && p.closing-p.leaving < p.limit {
		p.vacate(p.crowd[0])
		p.crowd = p.crowd[1:]
	}
}

func (p *Pool[R]) close(s *slot[R]) (err error) {
	defer p.recovered("Close", &err)
	p.cfg.Close(s.resource)
	return nil
}
