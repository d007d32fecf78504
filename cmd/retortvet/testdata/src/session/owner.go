package session

import (
	"context"

	"github.com/retort-go/retort"
)

var (
	current  *retort.Session
	shared                   = open() // want `keeps a session in shared, which every goroutine can reach: .*: keep the \*retort.Engine`
	empty    *retort.Session = nil
	app      worker
	sessions = map[string]*retort.Session{}
)

type in struct{}

type handler struct{ s *retort.Session }

func (h *handler) create(ctx context.Context, s *retort.Session, in *in) (*worker, error) {
	h.s = s // want `keeps the session in h.s: the receiver of a handler serves all requests at once`
	return nil, nil
}

func (h *handler) begin(s *retort.Session) { h.s = s }

func kept(s *retort.Session, eng *retort.Engine, w *worker) *worker {
	current = s             // want `keeps a session in current`
	app.s = s               // want `keeps a session in app.s`
	sessions["x"] = s       // want `keeps a session in sessions\["x"\]`
	current = eng.Session() // want `keeps a session in current`
	current, w.name = s, "" // want `keeps a session in current`
	current = nil
	app.s = nil
	w.s = s
	var all []*retort.Session
	all = append(all, s)
	mine := map[string]*retort.Session{"x": s}
	mine["y"] = s
	return &worker{s: s}
}

func sent(s *retort.Session, w *worker, ids chan bool, out chan *retort.Session, jobs chan worker, more chan *worker) {
	out <- s                // want `sends s through a channel: .*: send the objects or their keys`
	out <- w.s              // want `sends w.s through a channel`
	jobs <- worker{s: s}    // want `sends s through a channel`
	more <- &worker{s: (s)} // want `sends s through a channel`
	jobs <- worker{name: ""}
	ids <- s.ReadOnly()
}
