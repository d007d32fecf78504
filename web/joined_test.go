package web_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// behindAudit is h behind Sessions and a middleware that writes a row of its own.
func (s *service) behindAudit(h http.Handler, opts ...web.Option) http.Handler {
	return web.Sessions(s.Engine, append(opts, s.logger())...)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		audit := newThing()
		audit.Note = new("audit")
		web.Session(r).Add(audit)
		h.ServeHTTP(w, r)
	}))
}

func TestHandleBehindSessionsSharesTheSession(t *testing.T) {
	t.Parallel()
	s := newService(t)
	add := func(ctx context.Context, sess *retort.Session, _ *struct{}) (*Thing, error) {
		thing := newThing()
		sess.Add(thing)
		_, err := Things.Where(retort.Eq(Things.C.Note, "audit")).One(ctx, sess) // not committed yet
		return thing, err
	}
	s.mux.Handle("POST /things", s.behindAudit(web.Handle(s.Engine, add, web.Location(func(t *Thing) string { return "/things/" + t.ID.String() }))))
	got := s.do(t, "POST", "/things", "")
	if got.StatusCode != 201 || got.Header.Get("Location") == "" || strings.Contains(got.body, "0001-01-01") || s.rows(t) != 2 {
		t.Errorf("%d %v %s, %d rows: %s", got.StatusCode, got.Header, got.body, s.rows(t), s.log)
	}
}

func TestHandleBehindSessionsStoresAllOrNothing(t *testing.T) {
	t.Parallel()
	s := newService(t)
	first := newThing()
	sess := s.Engine.Session()
	sess.Add(first)
	must(t, sess.Commit(t.Context()))
	handle := func(fn func(context.Context, *retort.Session) (*string, error), opts ...web.Option) http.Handler {
		return web.Handle(s.Engine, func(ctx context.Context, sess *retort.Session, _ *struct{}) (*string, error) {
			sess.Add(newThing())
			return fn(ctx, sess)
		}, append(opts, s.logger())...)
	}
	refused := handle(func(context.Context, *retort.Session) (*string, error) { return nil, &web.Error{Status: 403} })
	prettified := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refused.ServeHTTP(dropped{}, r)
		_, _ = w.Write([]byte("<h1>Sorry</h1>"))
	})
	for name, c := range map[string]struct {
		handler http.Handler
		want    int // 0: no answer
	}{
		"an_error":                         {refused, 403},
		"an_error_that_a_middleware_hides": {prettified, 403},
		"an_answer_above_the_buffer": {handle(func(context.Context, *retort.Session) (*string, error) {
			return new(strings.Repeat("x", web.DefaultMaxBuffer)), nil
		}), 500},
		"a_constraint_that_waits_for_commit": {handle(func(_ context.Context, sess *retort.Session) (*string, error) {
			thing := newThing()
			thing.Code = first.Code
			sess.Add(thing)
			return new("made"), nil
		}), 409},
		"a_commit_of_its_own": {handle(func(ctx context.Context, sess *retort.Session) (*string, error) { return nil, sess.Commit(ctx) }), 500},
		"a_panic":             {handle(func(context.Context, *retort.Session) (*string, error) { panic("!") }), 0},
		"an_abort":            {handle(func(context.Context, *retort.Session) (*string, error) { panic(http.ErrAbortHandler) }), 0},
		"a_limit": {handle(func(ctx context.Context, _ *retort.Session) (*string, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, web.TimeLimit(10*time.Millisecond)), 504},
	} {
		t.Run(name, func(t *testing.T) {
			s.mux.Handle("POST /"+name, s.behindAudit(c.handler))
			got := s.do(t, "POST", "/"+name, "")
			if c.want == 0 {
				if got.err == nil {
					t.Errorf("%d %s", got.StatusCode, got.body)
				}
			} else if p := got.problem(t); p.Status != c.want {
				t.Errorf("%d %s", p.Status, got.body)
			}
			if s.idle(t); s.rows(t) != 1 {
				t.Errorf("%d rows", s.rows(t))
			}
		})
	}
}

// dropped takes an answer and shows it to nobody.
type dropped struct{}

func (dropped) Header() http.Header         { return make(http.Header) }
func (dropped) WriteHeader(int)             {}
func (dropped) Write(p []byte) (int, error) { return len(p), nil }

func TestHandleBehindIdempotentSessionsRunsOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	var runs atomic.Int64
	s.mux.Handle("POST /", s.behindAudit(web.Handle(s.Engine, func(_ context.Context, sess *retort.Session, _ *struct{ A int }) (*Thing, error) {
		runs.Add(1)
		thing := newThing()
		sess.Add(thing)
		return thing, nil
	}), web.Idempotent(keys, account)))
	send := func() reply { return s.do(t, "POST", "/", `{"A":1}`, "X-Account", "ann", "Idempotency-Key", "k") }
	first, again := send(), send()
	if diff := cmp.Diff(first.body, again.body); diff != "" || runs.Load() != 1 || s.rows(t) != 2 || first.StatusCode != 200 {
		t.Errorf("%d: %d runs, %d rows: %s", first.StatusCode, runs.Load(), s.rows(t), diff)
	}
}

// An option that the outer Sessions would overrule is no option: a tenant or a key that
// is left out is missed by nobody.
func TestOptionsBehindSessionsAreRefused(t *testing.T) {
	t.Parallel()
	s := newService(t)
	tenant := web.TxFor(func(*http.Request) (retort.TxOptions, error) { return retort.TxOptions{}, errors.New("never asked") })
	typed := func(opts ...web.Option) http.Handler {
		return web.Handle(s.Engine, func(context.Context, *retort.Session, *struct{}) (*string, error) { return nil, nil }, append(opts, s.logger())...)
	}
	plain := func(opts ...web.Option) http.Handler {
		return web.Sessions(s.Engine, append(opts, s.logger())...)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }))
	}
	outer := web.Sessions(s.Engine, web.TimeLimit(time.Minute))
	for name, c := range map[string]struct {
		handler http.Handler
		logged  string // empty: 204
	}{
		"tx_for":        {typed(tenant), "web: Handle with web.TxFor stands behind a Sessions"},
		"tx":            {typed(web.Tx(retort.TxOptions{Isolation: retort.Serializable})), "web.Tx "},
		"idempotent":    {typed(web.Idempotent(keys, account)), "web.Idempotent"},
		"plain_tx_for":  {plain(tenant), "web: Sessions with web.TxFor stands behind a Sessions"},
		"streaming":     {plain(web.Streaming()), "web.Streaming"},
		"limit":         {plain(web.TimeLimit(time.Second)), "web.TimeLimit"},
		"repeatable":    {typed(web.Repeatable()), ""}, // which only may be repeated
		"typed":         {typed(web.TimeLimit(time.Second), web.MaxBody(1)), ""},
		"plain":         {plain(web.ServerTiming()), ""},
		"the_same_once": {outer(plain()), ""},
	} {
		t.Run(name, func(t *testing.T) {
			s.mux.Handle("POST /"+name, outer(c.handler))
			got := s.do(t, "POST", "/"+name, "")
			if c.logged == "" && got.StatusCode != 204 {
				t.Errorf("%d %s %s", got.StatusCode, got.body, s.log)
			}
			if c.logged != "" && (got.StatusCode != 500 || !strings.Contains(s.log.String(), c.logged)) {
				t.Errorf("%d %s %s", got.StatusCode, got.body, s.log)
			}
		})
	}
}
