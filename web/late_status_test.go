package web_test

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"testing"

	"github.com/retort-go/retort/web"
)

// Nothing has left the buffer, so a handler that fails behind half an answer has
// failed: with a template that breaks, or a panic that a middleware turns into a 500.
func TestErrorBehindHalfAnAnswerRollsBack(t *testing.T) {
	t.Parallel()
	s := newService(t)
	recovered := func(next http.Handler) http.Handler { // as routers have it
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				if recover() != nil {
					w.WriteHeader(http.StatusInternalServerError)
				}
			}()
			next.ServeHTTP(w, r)
		})
	}
	for name, c := range map[string]struct {
		fail func(w http.ResponseWriter, r *http.Request)
		want string
	}{
		"an_error": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "broken", http.StatusInternalServerError) }, "broken\n"},
		"a_panic":  {func(http.ResponseWriter, *http.Request) { panic("broken") }, ""},
		"a_second_status": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			w.WriteHeader(http.StatusOK)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for kind, opts := range map[string][]web.Option{"plain": nil, "declared": nil, "streaming": {web.Streaming()}, "keyed": {web.Idempotent(keys, account)}} {
				path := "/" + name + "/" + kind
				s.mux.Handle("POST "+path, web.Sessions(s.Engine, append(opts, s.logger())...)(recovered(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					web.Session(r).Add(newThing())
					if kind == "declared" {
						w.Header().Set("Content-Length", "100")
					}
					_, _ = fmt.Fprint(w, "<h1>Half a")
					c.fail(w, r)
				}))))
				got := s.do(t, "POST", path, "", "X-Account", "ann", "Idempotency-Key", "k")
				if got.err != nil || got.StatusCode != http.StatusInternalServerError || got.body != c.want || s.rows(t) != 0 {
					t.Errorf("%s: %v %q %v, %d rows", kind, got.Response, got.body, got.err, s.rows(t))
				}
			}
		})
	}
}

// A compressor inside has begun its stream: the error is in it.
func TestErrorBehindHalfACompressedAnswerCanBeRead(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.mux.Handle("POST /", web.Sessions(s.Engine)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.Session(r).Add(newThing())
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = fmt.Fprint(z, "half ")
		must(t, z.Flush())
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = fmt.Fprint(z, "broken")
		must(t, z.Close())
	})))
	if got := s.do(t, "POST", "/", ""); got.err != nil || got.StatusCode != http.StatusInternalServerError || got.body != "half broken" || s.rows(t) != 0 {
		t.Errorf("%v %q %v, %d rows", got.Response, got.body, got.err, s.rows(t))
	}
}
