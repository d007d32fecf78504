package session

import (
	"context"
	"sync"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

type DB = *retort.Session

type group struct{}

func (g *group) Go(f func() error)         { go f() }
func (g *group) TryGo(f func() error) bool { go f(); return true }

type worker struct {
	s    *retort.Session
	eng  *retort.Engine
	name string
}

func (w worker) run()                      {}
func (w worker) work(s *retort.Session)    {}
func work(ctx context.Context, s DB)       {}
func started(ok bool)                      {}
func open() *retort.Session                { return nil }
func (w *worker) flush() error             { return w.s.Flush(context.Background()) }
func each(ctx context.Context, f func(DB)) {}

func captured(ctx context.Context, s *retort.Session, db DB, w *worker, r *web.Request) {
	go func() {
		s.Add(1) // want `a goroutine uses s, a session from outside of it: a session belongs to one goroutine at a time, and the second gets ErrConcurrentUse: open one inside`
		s.Add(2)
		db.Add(1) // want `a goroutine uses db`
	}()
	go func() {
		w.s.Add(1)               // want `a goroutine uses w.s`
		web.Session(r).Add(1)    // want `a goroutine uses web.Session\(r\)`
		go func() { s.Add(1) }() // want `a goroutine uses s`
	}()
	go func() {
		each(ctx, func(DB) { s.Add(1) }) // want `a goroutine uses s`
	}()
	go s.Flush(ctx)                                // want `a goroutine uses s`
	go w.s.Flush(ctx)                              // want `a goroutine uses w.s`
	go work(ctx, s)                                // want `a goroutine uses s`
	go work(ctx, web.Session(r))                   // want `a goroutine uses web.Session\(r\)`
	go worker{s: s}.run()                          // want `a goroutine uses s`
	go (&worker{s: s}).run()                       // want `a goroutine uses s`
	go func(s *retort.Session) { s.Add(1) }(s)     // want `a goroutine uses s`
	go func(f func()) { f() }(func() { s.Add(1) }) // want `a goroutine uses s`
	add := func() { s.Add(1) }                     // want `a goroutine uses s`
	go add()

	var wg sync.WaitGroup
	var g group
	wg.Go(func() { s.Add(1) })                    // want `a goroutine uses s`
	g.Go(func() error { return s.Flush(ctx) })    // want `a goroutine uses s`
	g.TryGo(func() error { return s.Flush(ctx) }) // want `a goroutine uses s`
	time.AfterFunc(1, func() { s.Add(1) })        // want `a goroutine uses s`
	context.AfterFunc(ctx, func() { s.Add(1) })   // want `a goroutine uses s`
}

func fine(ctx context.Context, eng *retort.Engine, s *retort.Session, w *worker, sessions []*retort.Session) {
	go func() {
		s := eng.Session()
		defer s.Close(ctx)
		s.Add(1)
		web.Session(&web.Request{})
		func() { s.Add(2) }()
	}()
	go retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) { return 0, s.Flush(ctx) })
	go work(ctx, eng.Session())
	go work(ctx, nil)
	go started(s.ReadOnly())
	go w.run()
	var wg sync.WaitGroup
	wg.Go(func() { w.eng.Session().Add(1) })
	func() { s.Add(1) }()
	each(ctx, func(s DB) { s.Add(1) })
	for i := range sessions {
		go func() { sessions[i].Add(1) }()
	}
	s.Add(1)
}

// One goroutine at a time has the session.
func handedOver(ctx context.Context, eng *retort.Engine, sessions []*retort.Session) {
	s := eng.Session()
	s.Add(1)
	go func() { s.Add(2); s.Close(ctx) }()
	for range 3 {
		s := eng.Session()
		go func() { defer s.Close(ctx); s.Add(1) }()
	}
	for _, s := range sessions {
		go s.Flush(ctx)
	}
	out := make(chan *retort.Session, 1)
	t := open()
	out <- t
	out <- eng.Session()
}

func notHandedOver(ctx context.Context, eng *retort.Engine, given *retort.Session) {
	used := eng.Session()
	go func() { used.Add(1) }() // want `a goroutine uses used`
	used.Add(2)
	closed := eng.Session()
	defer closed.Close(ctx)
	go func() { closed.Add(1) }() // want `a goroutine uses closed`
	many := eng.Session()
	for range 3 {
		go func() { many.Add(1) }() // want `a goroutine uses many`
	}
	again := eng.Session()
	start := func() {
		go func() { again.Add(1) }() // want `a goroutine uses again`
	}
	start()
	copied := given
	go func() { copied.Add(1) }() // want `a goroutine uses copied`
	set := eng.Session()
	set = given
	go func() { set.Add(1) }() // want `a goroutine uses set`
}

func waited(ctx context.Context, s *retort.Session) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Add(1)
	}()
	<-done
	result := make(chan error)
	go func() {
		result <- s.Flush(ctx)
	}()
	if err := <-result; err != nil {
		return err
	}
	go func() {
		result <- s.Flush(ctx) // want `a goroutine uses s`
	}()
	<-done
	go func() {
		defer close(done)
		s.Add(1) // want `a goroutine uses s`
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
	go func() {
		result <- s.Flush(ctx)
	}()
	for range 3 {
		func() error { return ctx.Err() }()
		if ctx.Err() != nil {
			break
		}
	}
	if err := <-result; err != nil {
		return err
	}
	go func() {
		result <- s.Flush(ctx) // want `a goroutine uses s`
	}()
	if err := ctx.Err(); err != nil {
		return err
	}
	<-result
	go func() {
		result <- s.Flush(ctx) // want `a goroutine uses s`
	}()
	s.Add(1)
	<-result
	go func() {
		result <- nil
		s.Add(1) // want `a goroutine uses s`
	}()
	return <-result
}
