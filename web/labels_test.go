package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

func TestLabels(t *testing.T) {
	t.Parallel()
	s := newService(t)
	var seen retort.Labels
	typed := func(ctx context.Context, _ *retort.Session, _ *struct{}) (*struct{}, error) {
		seen = retort.LabelsOf(ctx)
		return nil, nil
	}
	plain := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = retort.LabelsOf(r.Context()) })
	inner := http.NewServeMux()
	inner.Handle("GET /inner/{id}", plain)
	inner.Handle("GET /clone/{id}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		type key struct{}
		web.Handle(s.Engine, typed).ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), key{}, 1)))
	}))
	s.mux.Handle("GET /typed/{id}", web.Handle(s.Engine, typed))
	s.mux.Handle("GET /plain/{id}", web.Sessions(s.Engine)(plain))
	s.mux.Handle("GET /labeled/{id}", web.Labeled(plain))
	s.mux.Handle("GET /twice/{id}", web.Labeled(web.Handle(s.Engine, typed)))
	s.mux.Handle("/inner/", web.Sessions(s.Engine)(inner))
	s.mux.Handle("/clone/", web.Labeled(inner))
	s.mux.Handle("GET /outer/{id}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := retort.WithLabels(r.Context(), retort.Labels{Route: "mine"})
		web.Handle(s.Engine, typed).ServeHTTP(w, r.WithContext(ctx))
	}))
	for path, route := range map[string]string{
		"typed": "GET /typed/{id}", "plain": "GET /plain/{id}", "labeled": "GET /labeled/{id}", "twice": "GET /twice/{id}",
		"inner": "GET /inner/{id}", "clone": "GET /clone/{id}", "outer": "mine",
	} {
		if got := s.do(t, "GET", "/"+path+"/7", "", "X-Request-Id", "abc-1"); got.StatusCode >= 300 {
			t.Fatalf("%s: got %d", path, got.StatusCode)
		}
		if diff := cmp.Diff(retort.Labels{Route: route, RequestID: "abc-1"}, seen); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	t.Run("an_id_that_could_forge_a_line_is_replaced", func(t *testing.T) {
		for _, bad := range []string{"", "a b", "a\x7f", "é", `a"b`, strings.Repeat("x", 129)} {
			r := httptest.NewRequestWithContext(t.Context(), "GET", "/typed/7", nil)
			r.Header["X-Request-Id"] = []string{bad}
			s.mux.ServeHTTP(httptest.NewRecorder(), r)
			if seen.RequestID == bad || len(seen.RequestID) < 20 {
				t.Errorf("%q became %q", bad, seen.RequestID)
			}
		}
	})
	t.Run("an_id_is_the_same_whenever_it_is_asked_for", func(t *testing.T) {
		h := web.Labeled(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			seen = retort.LabelsOf(r.Context())
			if again := retort.LabelsOf(r.Context()); again != seen {
				t.Errorf("%v, then %v", seen, again)
			}
		}))
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		h.ServeHTTP(httptest.NewRecorder(), r)
		first := seen
		h.ServeHTTP(httptest.NewRecorder(), r)
		if seen.RequestID == first.RequestID {
			t.Error("two requests have one id")
		}
	})
}

func TestFailure_names_the_line_of_the_log(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.mux.Handle("GET /{id}", web.Handle(s.Engine, func(ctx context.Context, session *retort.Session, _ *struct{}) (*struct{}, error) {
		_, err := retort.SQL[int]("SELECT nonsense").One(ctx, session)
		return nil, err
	}, s.logger()))
	got := s.do(t, "GET", "/7", "")
	id := got.Header.Get("X-Request-Id")
	if got.StatusCode != 500 || id == "" || !strings.Contains(s.log.String(), `"request_id":"`+id+`"`) {
		t.Errorf("status %d, id %q, log %s", got.StatusCode, id, s.log)
	}
	if n := strings.Count(s.log.String(), `"route":`); n != 1 {
		t.Errorf("the route is in the log %d times: %s", n, s.log)
	}
}

// A goroutine that a handler has left behind may ask for the labels while the
// failure is answered; the race detector tells.
func TestFailure_leaves_the_labels_to_goroutines_of_the_handler(t *testing.T) {
	t.Parallel()
	s := newService(t)
	var left sync.WaitGroup
	s.mux.Handle("GET /{id}", web.Handle(s.Engine, func(ctx context.Context, _ *retort.Session, _ *struct{}) (*struct{}, error) {
		left.Go(func() {
			for range 100 {
				if got := retort.LabelsOf(ctx).Route; got != "GET /{id}" {
					t.Errorf("the route is %q", got)
				}
			}
		})
		return nil, errors.New("canary")
	}, s.logger()))
	for range 20 {
		s.do(t, "GET", "/7", "")
	}
	left.Wait()
}
