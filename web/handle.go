package web

import (
	"context"
	"log/slog"
	"net/http"
	"reflect"

	"github.com/retort-go/retort"
)

// Handle makes an http.Handler of a function that works in a session: it reads
// the input, runs fn, commits, and only then answers with fn's result as JSON.
//
// The fields of In come from where their tags say, the others from the JSON
// body; the package comment has the rules. An In with a method Validate() error
// is asked before a session exists: an [*Error] answers for itself, any other
// error is shown to the client as the detail of a 422.
//
//		mux.Handle("POST /requests", web.Handle(eng, create))
//
//	  - Shape: 200 with the result; 204 for a nil result; 201 for POST with
//	    [Location]; else what [Status] or a method StatusCode() int of Out says.
//	    HEAD answers as GET without the body. The session of GET and HEAD is
//	    read-only. Behind [Sessions] of the same engine fn works in that session, and
//	    the answer is made before its COMMIT.
//	  - Errors: an error, a panic or runtime.Goexit of fn, and a client seen to
//	    leave before COMMIT, roll back; errors answer with their [ProblemOf]. A
//	    result that cannot be encoded after COMMIT answers 500 of type
//	    [ProblemCommittedNotRendered]; see [RenderBeforeCommit].
//	  - Concurrency: as of any handler. It panics here, at registration, when In,
//	    Out or the options cannot work; never at a request.
func Handle[In, Out any](eng *retort.Engine, fn func(context.Context, *retort.Session, *In) (*Out, error), opts ...Option) http.Handler {
	return newRoute("Handle", eng, fn, func(out *Out) *Out { return out }, opts)
}

// HandleView is [Handle] for answers that differ from what fn works with: view
// makes them from the confirmed object, after COMMIT, when server-made values
// are in it.
//
//		mux.Handle("POST /requests", web.HandleView(eng, create, toAnswer))
//
//	  - Shape: view is not called for a nil object, which answers 204.
//	  - Errors: a panic in view is a [retort.CommittedError].
func HandleView[In, M, Out any](eng *retort.Engine, fn func(context.Context, *retort.Session, *In) (*M, error), view func(*M) *Out, opts ...Option) http.Handler {
	return newRoute("HandleView", eng, fn, view, opts)
}

// route is the handler that Handle makes.
type route[Out any] struct {
	eng          *retort.Engine
	set          settings
	input        *input
	answer       *answer[Out]
	change, read func(context.Context, *attempt) (*rendered, error)
	with         func(retort.TxOptions) func(context.Context, *attempt) (*rendered, error)
	keyed        func(context.Context, *attempt) (*rendered, error) // of a request with a key
	join         worker[rendered]                                   // in the session of an outer Sessions
}

// attempt makes the input of each run of a handler anew: the first one was
// decoded before the session, to refuse what does not fit.
type attempt struct {
	request *request
	method  string
	input   *input
	first   *reflect.Value // shared by all attempts; taken by the first
	key     *keyed         // nil: none
}

func (a *attempt) next() (reflect.Value, error) {
	if v := *a.first; v.IsValid() {
		*a.first = reflect.Value{}
		return v, nil
	}
	v, err := a.input.decode(a.request)
	if err == nil {
		err = validate(v)
	}
	return v, err
}

func newRoute[In, M, Out any](call string, eng *retort.Engine, fn func(context.Context, *retort.Session, *In) (*M, error), view func(*M) *Out, opts []Option) http.Handler {
	set, problems := settle(forHandle, call, opts)
	in, more := inputFor(reflect.TypeFor[In]())
	problems = append(problems, more...)
	ans, more := answerFor[Out](set)
	problems = append(problems, more...)
	if eng == nil {
		problems = append(problems, "the engine is nil")
	}
	if fn == nil || view == nil {
		problems = append(problems, "the function is nil")
	}
	registered(call, problems)

	set.log = slog.New(eng.LogHandler(set.log.Handler()))
	_, shown := any((*M)(nil)).(*Out)
	work, render := working(fn, shown), rendering(ans, view)
	rt := &route[Out]{eng: eng, set: set, input: in, answer: ans, join: renderedWithin(work, render)}
	rt.with = func(tx retort.TxOptions) func(context.Context, *attempt) (*rendered, error) {
		return unitOfWork(eng, &set, tx, work, render)
	}
	rt.change, rt.read = rt.with(set.txFor(http.MethodPost)), rt.with(set.txFor(http.MethodGet))
	if set.once != nil {
		rt.keyed = rt.with(proved(set.txFor(http.MethodPost)))
	}
	return rt
}

// unitOfWork joins work, COMMIT and the rendering in the order that the route
// wants.
func unitOfWork[M any](eng *retort.Engine, set *settings, tx retort.TxOptions, work worker[M], render renderer[M]) func(context.Context, *attempt) (*rendered, error) {
	if set.renderFirst || set.once != nil {
		return retort.InSession(eng, tx, renderedWithin(work, render))
	}
	return renderedBehind(eng, tx, work, render)
}

// working is fn for one attempt; shown: its object itself is the answer.
func working[In, M any](fn func(context.Context, *retort.Session, *In) (*M, error), shown bool) worker[M] {
	return func(ctx context.Context, s *retort.Session, a *attempt) (*M, error) {
		v, err := a.next()
		if err != nil {
			return nil, err
		}
		m, err := fn(ctx, s, v.Interface().(*In))
		if own, ok := any(m).(statusCoder); err == nil && m != nil && shown && ok {
			_, err = successStatus(own) // where it can still be undone
		}
		return m, err
	}
}

// rendering makes the answer of an object.
func rendering[M, Out any](ans *answer[Out], view func(*M) *Out) renderer[M] {
	return func(m *M, method string) (*rendered, error) {
		if m == nil {
			return ans.render(nil, method)
		}
		return ans.render(view(m), method)
	}
}

// What unitOfWork joins: the function of a route for one attempt, and what becomes of
// its object.
type (
	worker[M any]   func(context.Context, *retort.Session, *attempt) (*M, error)
	renderer[M any] func(m *M, method string) (*rendered, error)
)

// renderedWithin renders before COMMIT, where it can still be undone.
func renderedWithin[M any](work worker[M], render renderer[M]) worker[rendered] {
	return func(ctx context.Context, s *retort.Session, a *attempt) (*rendered, error) {
		if a.key != nil {
			if before, err := a.key.claim(ctx, s); before != nil || err != nil {
				return before, err
			}
		}
		m, err := work(ctx, s, a)
		if err != nil {
			return nil, err
		}
		if err := s.Flush(ctx); err != nil {
			return nil, err
		}
		if a.key != nil {
			if err := a.key.hold(ctx, s); err != nil {
				return nil, err
			}
		}
		out, err := render(m, a.method)
		if err == nil && a.key != nil {
			a.key.keep(out)
		}
		return out, err
	}
}

// renderedBehind renders what COMMIT confirmed.
func renderedBehind[M any](eng *retort.Engine, tx retort.TxOptions, work worker[M], render renderer[M]) func(context.Context, *attempt) (*rendered, error) {
	type done struct {
		out *rendered
		err error
	}
	// The view sees one value, so the method travels with the object.
	type confirmed struct {
		object *M
		method string
	}
	call := retort.InSessionView(eng, tx,
		func(ctx context.Context, s *retort.Session, a *attempt) (*confirmed, error) {
			m, err := work(ctx, s, a)
			if err != nil {
				return nil, err
			}
			return &confirmed{m, a.method}, nil
		},
		func(c *confirmed) *done {
			out, err := render(c.object, c.method)
			return &done{out, err}
		})
	return func(ctx context.Context, a *attempt) (*rendered, error) {
		d, err := call(ctx, a)
		switch {
		case err != nil:
			return nil, err
		case d.err != nil:
			return nil, &retort.CommittedError{Err: d.err}
		default:
			return d.out, nil
		}
	}
}

// ServeHTTP answers one request.
func (rt *route[Out]) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if rt.set.timing {
		w, r = timed(rt.eng, w, r)
	}
	a, err := rt.prepare(w, r)
	if err != nil {
		rt.set.fail(w, r, err)
		return
	}
	if x := outerOf(r, rt.eng); x != nil {
		rt.joined(x, a, w, r)
		return
	}
	call, tx := rt.change, rt.set.txFor(r.Method)
	if readOnlyMethod(r.Method) {
		call = rt.read
	}
	if rt.set.txOf != nil {
		if tx, err = rt.set.txOfRequest(r); err != nil {
			rt.set.fail(w, r, err)
			return
		}
		if a.key != nil {
			tx = proved(tx)
		}
		call = rt.with(tx)
	} else if a.key != nil {
		call = rt.keyed
	}
	ctx, labels := labeled(r)
	ctx, cancel := rt.set.within(ctx)
	defer cancel()
	out, err := a.run(ctx, rt.eng, tx, call)
	if err != nil {
		rt.set.failIn(ctx, labels, tx, w, r, err)
		return
	}
	out.send(w, r)
}

// joined answers in the session that the request has already; its COMMIT, and the
// answer behind it, are those of the [Sessions] around.
func (rt *route[Out]) joined(x *exchange, a *attempt, w http.ResponseWriter, r *http.Request) {
	ctx, labels := labeled(r)
	ctx, cancel := rt.set.within(ctx)
	defer cancel()
	tx := x.session.Options()
	err := rt.set.joinable("Handle")
	var out *rendered
	if err == nil {
		out, err = retort.RunIn(ctx, x.session, func(ctx context.Context, s *retort.Session) (*rendered, error) { return rt.join(ctx, s, a) })
	}
	if err != nil {
		rt.set.failIn(ctx, labels, tx, w, r, err)
		return
	}
	out.send(w, r)
}

// prepare reads and checks the request before a session exists.
func (rt *route[Out]) prepare(w http.ResponseWriter, r *http.Request) (*attempt, error) {
	req, err := rt.input.read(w, r, rt.set.maxBody)
	if err != nil {
		return nil, err
	}
	v, err := rt.input.decode(req)
	if err != nil {
		return nil, err
	}
	if err := validate(v); err != nil {
		return nil, err
	}
	a := &attempt{request: req, method: r.Method, input: rt.input, first: &v}
	if rt.set.once != nil && !readOnlyMethod(r.Method) {
		a.key, err = rt.set.keyOf(r, req.body)
	}
	return a, err
}

// run calls the unit of work, once where the request has a key.
func (a *attempt) run(ctx context.Context, eng *retort.Engine, tx retort.TxOptions, call func(context.Context, *attempt) (*rendered, error)) (*rendered, error) {
	if a.key == nil {
		return call(ctx, a)
	}
	return a.key.call(ctx, eng, tx, func(ctx context.Context) (*rendered, error) { return call(ctx, a) })
}

// validate asks an input that checks itself.
func validate(v reflect.Value) error {
	checked, ok := v.Interface().(interface{ Validate() error })
	if !ok {
		return nil
	}
	err := checked.Validate()
	if err == nil {
		return nil
	}
	if _, own := joined(err); own {
		return err
	}
	return &Error{
		Status: http.StatusUnprocessableEntity, Type: ProblemInvalidInput, Title: "Invalid input",
		Detail: err.Error(),
	}
}
