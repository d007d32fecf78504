package pool

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Holder is one name that [Config].Who gave to borrowers, and what they hold.
type Holder struct {
	Name    string
	Count   int           // resources that are lent to it now
	Longest time.Duration // how long the one that is out longest is
}

// loan is what the pool keeps of a resource that is lent. It is apart from the
// slot, which the pool lets go so that a lost lease is noticed. The pool's mu
// guards it.
type loan struct {
	place int // in the pool's loans
	lent  bool
	who   string
	since time.Duration // on the pool's clock
	timer *time.Timer   // for HeldLimit; nil before the first loan
	stack []uintptr     // of Acquire, for HeldLimit
}

// watched tells whether loans are kept at all.
func (c *Config[R]) watched() bool { return c.Who != nil || c.HeldLimit > 0 }

// note begins a loan in the books; mu is held.
func (p *Pool[R]) note(s *slot[R], who string, now time.Duration) {
	if s.loan == nil {
		return
	}
	s.loan.lent, s.loan.who, s.loan.since = true, who, now
}

// noted ends it; mu is held.
func (p *Pool[R]) noted(s *slot[R]) {
	if s.loan == nil || !s.loan.lent {
		return
	}
	s.loan.lent = false
	if s.loan.timer != nil {
		s.loan.timer.Stop()
	}
}

// keepLoan makes the books of a new slot; mu is held.
func (p *Pool[R]) keepLoan(s *slot[R]) {
	if p.cfg.watched() {
		s.loan = &loan{place: len(p.loans)}
		p.loans = append(p.loans, s.loan)
	}
}

// forgetLoan takes them out; mu is held.
func (p *Pool[R]) forgetLoan(l *loan) {
	if l == nil || l.place < 0 {
		return
	}
	last := len(p.loans) - 1
	p.loans[l.place], p.loans[last].place = p.loans[last], l.place
	p.loans[last] = nil
	p.loans = p.loans[:last]
	l.place, l.lent = -1, false
	if l.timer != nil {
		l.timer.Stop()
	}
}

// stackDepth is how many callers of Acquire an [EventHeld] names.
const stackDepth = 32

// limitHeld arranges that a loan that takes too long is told. The stack is the
// caller's of Acquire.
func (p *Pool[R]) limitHeld(s *slot[R]) {
	var stack [stackDepth]uintptr
	n := runtime.Callers(3, stack[:])
	l := s.loan
	p.mu.Lock()
	defer p.mu.Unlock()
	if !l.lent { // the pool has closed meanwhile
		return
	}
	l.stack = append(l.stack[:0], stack[:n]...)
	if l.timer == nil {
		l.timer = time.AfterFunc(p.cfg.HeldLimit, func() { p.heldTooLong(l) })
	} else {
		l.timer.Reset(p.cfg.HeldLimit)
	}
}

// heldTooLong tells of a loan, unless it has ended since.
func (p *Pool[R]) heldTooLong(l *loan) {
	p.mu.Lock()
	held := p.clock() - l.since
	late := l.lent && held >= p.cfg.HeldLimit
	who, stack := l.who, slices.Clone(l.stack)
	p.mu.Unlock()
	if late {
		p.emit(Event{Kind: EventHeld, Duration: held, Holder: who, Stack: stackText(stack)})
	}
}

// name asks who a borrower is, on its own goroutine and with no lock held.
func (p *Pool[R]) name(ctx context.Context) (name string) {
	if p.cfg.Who == nil {
		return ""
	}
	defer func() {
		if v := recover(); v != nil {
			_ = p.panicked("Who", v)
		}
	}()
	return p.cfg.Who(ctx)
}

// stackText is two lines for each caller, as the runtime prints them, the innermost
// first. The pool's own are left out.
func stackText(stack []uintptr) string {
	var b strings.Builder
	frames := runtime.CallersFrames(stack)
	for {
		f, more := frames.Next()
		if f.Function != "" && (b.Len() > 0 || !strings.Contains(f.Function, "pool.(*Pool[")) {
			fmt.Fprintf(&b, "%s\n\t%s:%d\n", f.Function, f.File, f.Line)
		}
		if !more {
			return b.String()
		}
	}
}

// holders are who holds what now, those with most first; mu is held.
func (p *Pool[R]) holders() []Holder {
	if p.cfg.Who == nil {
		return nil
	}
	now, byName := p.clock(), make(map[string]*Holder)
	for _, l := range p.loans {
		if !l.lent {
			continue
		}
		h := byName[l.who]
		if h == nil {
			h = &Holder{Name: l.who}
			byName[l.who] = h
		}
		h.Count++
		h.Longest = max(h.Longest, now-l.since)
	}
	var out []Holder
	for _, h := range byName {
		out = append(out, *h)
	}
	slices.SortFunc(out, func(a, b Holder) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(a.Name, b.Name))
	})
	return out
}

// holdersNamed is how many holders an error names.
const holdersNamed = 3

// appendHolders writes who has most into an error's text.
func appendHolders(b []byte, holders []Holder) []byte {
	if len(holders) == 0 || len(holders) == 1 && holders[0].Name == "" {
		return b
	}
	b = append(b, "; held by "...)
	for i, h := range holders[:min(len(holders), holdersNamed)] {
		if i > 0 {
			b = append(b, ", "...)
		}
		name := h.Name
		if name == "" {
			name = "others"
		}
		b = fmt.Appendf(b, "%s %d (longest %s)", name, h.Count, h.Longest.Round(time.Millisecond))
	}
	if len(holders) > holdersNamed {
		b = append(b, ", …"...)
	}
	return b
}
