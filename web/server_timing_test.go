package web_test

import (
	"context"
	"net/http"
	"regexp"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

var timing = regexp.MustCompile(`^db;dur=(\d+\.\d{3});desc="(\d+ round trips?)", pool;dur=\d+\.\d{3}, total;dur=(\d+\.\d{3})$`)

func TestServerTiming(t *testing.T) {
	t.Parallel()
	s := newService(t)
	create := func(ctx context.Context, session *retort.Session, _ *struct{}) (*Thing, error) {
		thing := newThing()
		session.Add(thing)
		return thing, session.Flush(ctx)
	}
	fails := func(ctx context.Context, session *retort.Session, _ *struct{}) (*Thing, error) {
		return Things.Get(ctx, session, newThing().ID)
	}
	plain := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.Session(r).Add(newThing())
		_, _ = w.Write([]byte("ok"))
	})
	streams := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		web.Session(r).Add(newThing())
		if web.Commit(r) == nil {
			_ = http.NewResponseController(w).Flush()
			_, _ = w.Write([]byte("ok"))
		}
	})
	other := retort.InSession(s.Engine, retort.TxOptions{}, create)
	s.mux.Handle("POST /typed", web.Handle(s.Engine, create, web.ServerTiming()))
	s.mux.Handle("POST /fails", web.Handle(s.Engine, fails, web.ServerTiming()))
	s.mux.Handle("POST /plain", web.Sessions(s.Engine, web.ServerTiming())(plain))
	s.mux.Handle("POST /streams", web.Sessions(s.Engine, web.ServerTiming(), web.Streaming())(streams))
	s.mux.Handle("POST /both", web.Timed(s.Engine)(web.Handle(s.Engine, create, web.ServerTiming())))
	s.mux.Handle("POST /timed", web.Timed(s.Engine)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, err := other(r.Context(), &struct{}{})
		must(t, err)
	})))
	s.mux.Handle("POST /silent", web.Timed(s.Engine)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusAccepted)
	})))
	s.mux.Handle("POST /off", web.Handle(s.Engine, create))
	for path, want := range map[string]string{
		"/typed": "2 round trips", "/plain": "1 round trip", "/streams": "1 round trip", "/both": "2 round trips",
		"/fails": "1 round trip", "/silent": "0 round trips",
	} {
		got := s.do(t, "POST", path, "")
		if got.err != nil {
			t.Fatalf("%s: %v", path, got.err)
		}
		parts := timing.FindStringSubmatch(got.Header.Get("Server-Timing"))
		if parts == nil || parts[2] != want || len(got.Header["Server-Timing"]) != 1 {
			t.Errorf("%s: got %q, want %s", path, got.Header["Server-Timing"], want)
		}
		if parts != nil && path != "/silent" && (parts[1] == "0.000" || parts[3] == "0.000") {
			t.Errorf("%s took no time: %q", path, parts[0])
		}
	}
	if got := s.do(t, "POST", "/off", "").Header.Get("Server-Timing"); got != "" {
		t.Errorf("not asked for, got %q", got)
	}
	// One whose handler writes nothing is still an answer.
	if got := s.do(t, "POST", "/timed", ""); got.StatusCode != 200 || got.Header.Get("Server-Timing") == "" {
		t.Errorf("got %d %v", got.StatusCode, got.Header)
	}
}

func TestServerTiming_is_refused_where_it_cannot_work(t *testing.T) {
	t.Parallel()
	for name, register := range map[string]func(){
		"no engine":  func() { web.Timed(nil) },
		"no handler": func() { web.Timed(newService(t).Engine)(nil) },
		"no labels":  func() { web.Labeled(nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			register()
		}()
	}
}
