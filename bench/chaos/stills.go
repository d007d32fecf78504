package chaos

import (
	"sync"
	"time"
)

// span is a stretch of time.
type span struct{ from, to time.Time }

func (s span) length() time.Duration { return s.to.Sub(s.from) }

const (
	stillStep  = 2 * time.Millisecond  // how long a sleep is meant to take
	stillLeast = 10 * time.Millisecond // what a scheduler is late without anybody's standing still
)

// stills are the times in which the machine, or this whole process, did nothing: a
// goroutine that only sleeps woke up late. What somebody else is late by in the same
// moment is not his own doing.
//
//   - Concurrency: safe for many goroutines.
//   - Cleanup: stop, more than once if need be.
type stills struct {
	mu    sync.Mutex // guards spans
	spans []span

	once       sync.Once
	over, done chan struct{}
}

func watchStills() *stills {
	s := &stills{over: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		for {
			due := time.Now().Add(stillStep)
			select {
			case <-s.over:
				return
			case <-time.After(stillStep):
				s.woke(due, time.Now())
			}
		}
	}()
	return s
}

// woke notes a sleep that ended at now in place of due.
func (s *stills) woke(due, now time.Time) {
	if now.Sub(due) < stillLeast {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spans = append(s.spans, span{due, now})
}

func (s *stills) stop() {
	s.once.Do(func() { close(s.over) })
	<-s.done
}

// during is how much of when the machine stood still.
func (s *stills) during(when span) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sum time.Duration
	for _, still := range s.spans {
		from, to := still.from, still.to
		if from.Before(when.from) {
			from = when.from
		}
		if to.After(when.to) {
			to = when.to
		}
		sum += max(to.Sub(from), 0)
	}
	return sum
}

func (s *stills) longest() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	var most time.Duration
	for _, still := range s.spans {
		most = max(most, still.length())
	}
	return most
}
