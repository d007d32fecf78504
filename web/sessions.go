package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/retort-go/retort"
)

// errRefused rolls a session back because the handler has answered with a
// status of 400 or above. The answer is still the handler's.
var errRefused = errors.New("web: the handler answered with an error status")

// errStreamed ends a session that the handler has committed itself.
var errStreamed = errors.New("web: the handler has committed")

// Sessions gives every request of the handlers behind it one session, for plain
// net/http: [Session] finds it. The answer waits in a buffer; when the handler
// returns, the session is committed, and only then is the answer sent.
//
//		mux.Handle("POST /requests", web.Sessions(eng)(http.HandlerFunc(create)))
//
//	  - Shape: a status of 400 or above, a panic, runtime.Goexit, an answer larger
//	    than [MaxBuffer] or a client seen to leave before COMMIT roll back. Such a
//	    status replaces the part of an answer that was written before it. Panics go
//	    on. The session of GET and HEAD is read-only. Within another Sessions of the
//	    same engine it does nothing: that one's session is the request's, also for
//	    [Handle].
//	  - Errors: a failed COMMIT answers with its problem in place of the handler's
//	    answer. Options that do not fit panic here, before the first request.
//	  - Concurrency: as of any handler; the session belongs to one request.
func Sessions(eng *retort.Engine, opts ...Option) func(http.Handler) http.Handler {
	set, problems := settle(forSessions, "Sessions", opts)
	if eng == nil {
		problems = append(problems, "the engine is nil")
	}
	registered("Sessions", problems)
	set.log = slog.New(eng.LogHandler(set.log.Handler()))
	return func(next http.Handler) http.Handler {
		if next == nil {
			registered("Sessions", []string{"the handler is nil"})
		}
		return &gate{
			eng: eng, set: set, made: &set, next: next,
			change: retort.InSession(eng, set.txFor(http.MethodPost), run),
			read:   retort.InSession(eng, set.txFor(http.MethodGet), run),
			keyed:  retort.InSession(eng, proved(set.txFor(http.MethodPost)), run),
		}
	}
}

// Session returns the request's session.
//
// It panics if the request did not come through [Sessions]: the route is
// registered without it.
func Session(r *http.Request) *retort.Session { return exchangeOf(r).session }

// gate is the handler that Sessions makes.
type gate struct {
	eng          *retort.Engine
	set          settings
	made         *settings // tells the gates of one call of Sessions from others
	next         http.Handler
	change, read func(context.Context, *visit) (*struct{}, error)
	keyed        func(context.Context, *visit) (*struct{}, error) // of a request with a key
}

// exchange is one request on its way through a gate.
type exchange struct {
	*gate
	request   *http.Request // as the handler sees it
	labels    *requestLabels
	writer    http.ResponseWriter
	buffer    *buffered
	stream    *streamed // nil without Streaming
	session   *retort.Session
	committed bool      // by Commit
	failure   error     // of Commit
	key       *keyed    // nil: none
	before    *rendered // the answer to the key that was given before; nil: none
}

// visit holds the exchange: InSession copies its input, but not this deep.
type visit struct{ *exchange }

// exchangeKey finds the exchange in a context.
type exchangeKey struct{}

func exchangeOf(r *http.Request) *exchange {
	x, ok := r.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		panic("web: the request has no session: register its route behind web.Sessions, and pass on the *http.Request that the handler got")
	}
	return x
}

// ServeHTTP runs the handler within a session.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if outer := outerOf(r, g.eng); outer != nil {
		g.within(outer, w, r)
		return
	}
	given := r
	if g.set.timing {
		w, r = timed(g.eng, w, r)
	}
	ctx, labels := labeled(r)
	ctx, cancel := g.set.within(ctx)
	defer cancel()
	x := &exchange{gate: g, request: r, labels: labels, buffer: newBuffered(w, r, g.set.maxBuffer)}
	x.writer = x.buffer
	defer func() { handBack(given, x.request) }()
	if g.set.streaming {
		x.stream = &streamed{buffered: x.buffer}
		x.writer = x.stream
	}
	if err := x.takeKey(w, r); err != nil {
		g.set.fail(w, x.request, err)
		return
	}
	work, tx := g.change, g.set.txFor(r.Method)
	if readOnlyMethod(r.Method) {
		work = g.read
	}
	if x.key != nil {
		work, tx = g.keyed, proved(tx)
	}
	if g.set.txOf != nil {
		var err error
		if tx, err = g.set.txOfRequest(r); err != nil {
			g.set.fail(w, x.request, err)
			return
		}
		if x.key != nil {
			tx = proved(tx)
		}
		work = retort.InSession(g.eng, tx, run)
	}
	defer x.closeReader()
	before, err := x.call(ctx, tx, work)
	switch {
	case x.committed:
		x.stream.finish()
	case before != nil:
		x.buffer.discard()
		before.send(w, x.request)
	case err == nil, errors.Is(err, errRefused):
		x.buffer.send()
	default:
		x.buffer.discard()
		g.set.failOf(tx, w, x.request, err)
	}
}

// outerOf finds the exchange whose session of eng the request has; nil: none.
func outerOf(r *http.Request, eng *retort.Engine) *exchange {
	if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok && x.eng == eng {
		return x
	}
	return nil
}

// within is ServeHTTP where the request has a session already.
func (g *gate) within(outer *exchange, w http.ResponseWriter, r *http.Request) {
	if outer.made != g.made {
		if err := g.set.joinable("Sessions"); err != nil {
			g.set.fail(w, r, err)
			return
		}
	}
	g.next.ServeHTTP(w, r)
}

// run is the unit of work: the handler and what came of it.
func run(ctx context.Context, s *retort.Session, v *visit) (*struct{}, error) {
	x := v.exchange
	x.session = s
	if done, err := x.claim(ctx); done {
		return nil, err
	}
	x.request = x.request.WithContext(context.WithValue(ctx, exchangeKey{}, x))
	x.labels.request = x.request // a mux behind sets the pattern of that one
	x.next.ServeHTTP(x.writer, x.request)
	switch {
	case x.committed:
		return nil, errStreamed
	case x.failure != nil:
		return nil, x.failure
	}
	if err := x.buffer.outcome(); err != nil {
		return nil, err
	}
	return nil, x.keep(ctx)
}

// handBack gives r the form that was parsed of a copy: the server deletes the files
// of those that it finds in its own request.
func handBack(r, copied *http.Request) {
	if r.MultipartForm == nil {
		r.MultipartForm = copied.MultipartForm
	}
}

// closeReader ends the read-only session that followed Commit.
func (x *exchange) closeReader() {
	if x.committed {
		_ = x.session.Close(x.request.Context()) // it has nothing to write
	}
}
