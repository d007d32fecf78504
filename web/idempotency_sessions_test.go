package web_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/retorttest/proxy"
	"github.com/retort-go/retort/web"
)

// oncePlain registers POST /plain, whose handler counts its runs and answers with
// what it read.
func (s *service) oncePlain(opts ...web.Option) *atomic.Int64 {
	runs := new(atomic.Int64)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := runs.Add(1)
		body, err := io.ReadAll(r.Body)
		if err != nil || int64(len(body)) != r.ContentLength {
			http.Error(w, fmt.Sprint(len(body), err), http.StatusInternalServerError)
			return
		}
		web.Session(r).Add(newThing())
		h := w.Header()
		h.Set("Content-Type", "text/plain; charset=latin1")
		h.Add("Set-Cookie", fmt.Sprintf("run=%d", n))
		h.Add("Set-Cookie", "b=2")
		h.Set("X-Outer", "changed")
		if strings.Contains(string(body), "refuse") {
			w.WriteHeader(http.StatusTeapot)
		} else {
			w.WriteHeader(http.StatusAccepted)
		}
		_, _ = fmt.Fprintf(w, "run %d of %q\x00\xff", n, body)
	})
	inner := web.Sessions(s.Engine, append([]web.Option{web.Idempotent(keys, account), s.logger()}, opts...)...)(handler)
	s.mux.Handle("POST /plain", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Outer", "outer")
		w.Header().Set("X-Each", fmt.Sprint(runs.Load())) // an outer middleware's own
		inner.ServeHTTP(w, r)
	}))
	return runs
}

func TestIdempotentSessions(t *testing.T) {
	t.Parallel()
	t.Run("a_repeated_request_gets_the_first_answer_and_does_nothing", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		runs := s.oncePlain(web.RequireIdempotencyKey())
		first := s.do(t, "POST", "/plain", "hello", "X-Account", "ann", "Idempotency-Key", "k1")
		again := s.do(t, "POST", "/plain", "hello", "X-Account", "ann", "Idempotency-Key", "k1")
		if first.StatusCode != 202 || again.StatusCode != 202 || runs.Load() != 1 || s.rows(t) != 1 {
			t.Fatalf("%d, then %d; %d runs, %d rows: %s", first.StatusCode, again.StatusCode, runs.Load(), s.rows(t), first.body)
		}
		if diff := cmp.Diff(first.body, again.body); diff != "" {
			t.Error(diff)
		}
		if again.Header.Get("Idempotency-Replayed") != "true" || again.Header.Get("X-Each") != "1" || first.Header.Get("X-Each") != "0" {
			t.Errorf("%v", again.Header)
		}
		for _, h := range []http.Header{first.Header, again.Header} {
			for _, name := range []string{"Idempotency-Replayed", "X-Each", "Date"} {
				h.Del(name)
			}
		}
		if diff := cmp.Diff(first.Header, again.Header); diff != "" {
			t.Error(diff)
		}
		if p := s.do(t, "POST", "/plain", "another", "X-Account", "ann", "Idempotency-Key", "k1").problem(t); p.Type != web.ProblemKeyReused {
			t.Errorf("%+v", p)
		}
		if got := s.do(t, "POST", "/plain", "hello", "X-Account", "ann"); got.StatusCode != 400 {
			t.Errorf("without a key: %d", got.StatusCode)
		}
		if got := s.do(t, "POST", "/plain", "hello", "Idempotency-Key", "k1"); got.StatusCode != 401 {
			t.Errorf("nobody's: %d", got.StatusCode)
		}
		s.idle(t)
	})
	t.Run("a_refusal_leaves_the_key_free", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		runs := s.oncePlain()
		for range 2 {
			if got := s.do(t, "POST", "/plain", "refuse", "X-Account", "ann", "Idempotency-Key", "k"); got.StatusCode != 418 || got.Header.Get("Idempotency-Replayed") != "" {
				t.Errorf("%d %s", got.StatusCode, got.body)
			}
		}
		if runs.Load() != 2 || s.rows(t) != 0 {
			t.Errorf("%d runs, %d rows", runs.Load(), s.rows(t))
		}
	})
	t.Run("three_at_once_are_carried_out_once", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		runs := s.oncePlain()
		bodies := make([]string, 3)
		var group sync.WaitGroup
		for i := range bodies {
			group.Go(func() {
				bodies[i] = s.do(t, "POST", "/plain", "hello", "X-Account", "ann", "Idempotency-Key", "k").body
			})
		}
		group.Wait()
		if runs.Load() != 1 || s.rows(t) != 1 || bodies[0] != bodies[1] || bodies[0] != bodies[2] {
			t.Errorf("%d runs, %d rows, %q", runs.Load(), s.rows(t), bodies)
		}
		if got := s.do(t, "POST", "/plain", "hello"); got.StatusCode != 202 || runs.Load() != 2 {
			t.Errorf("without a key: %d, %d runs", got.StatusCode, runs.Load())
		}
	})
	t.Run("a_lost_COMMIT_is_looked_up", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		runs := s.oncePlain()
		s.Proxy.CutBefore(proxy.CommitReply)
		got := s.do(t, "POST", "/plain", "hello", "X-Account", "ann", "Idempotency-Key", "k")
		if got.StatusCode != 202 || got.Header.Get("Idempotency-Replayed") != "true" || !strings.HasPrefix(got.body, "run 1 of") || runs.Load() != 1 || s.rows(t) != 1 {
			t.Errorf("%d %s after %d runs, %d rows", got.StatusCode, got.body, runs.Load(), s.rows(t))
		}
	})
	t.Run("a_large_body_is_refused_before_anything", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		runs := s.oncePlain(web.MaxBody(10))
		got := s.do(t, "POST", "/plain", strings.Repeat("x", 11), "X-Account", "ann", "Idempotency-Key", "k")
		if got.StatusCode != 413 || runs.Load() != 0 {
			t.Errorf("%d after %d runs", got.StatusCode, runs.Load())
		}
	})
	t.Run("options_that_do_not_fit_panic", func(t *testing.T) {
		t.Parallel()
		s := newService(t)
		for want, opts := range map[string][]web.Option{
			"web.Idempotent with web.Streaming":  {web.Idempotent(keys, account), web.Streaming()},
			"web.MaxBody without web.Idempotent": {web.MaxBody(10)},
			"web.TimeLimit(0s)":                  {web.TimeLimit(0)},
		} {
			func() {
				defer func() {
					if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
						t.Errorf("got %s, want %s", got, want)
					}
				}()
				web.Sessions(s.Engine, opts...)
			}()
		}
	})
}

// Headers are bytes: a name of a file in Latin-1 comes again as it was.
func TestReplayedHeadersAreTheSameBytes(t *testing.T) {
	t.Parallel()
	s := newService(t)
	want := http.Header{"Content-Disposition": {"attachment; filename=\"caf\xe9.txt\""}, "X-Name": {"café <&>", "\xff"}}
	s.mux.Handle("POST /export", web.Sessions(s.Engine, web.Idempotent(keys, account))(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), want)
	})))
	for n := range 2 {
		got := s.do(t, "POST", "/export", "", "X-Account", "ann", "Idempotency-Key", "k")
		for name := range want {
			if diff := cmp.Diff(want[name], got.Header[name]); diff != "" {
				t.Errorf("answer %d: %s", n, diff)
			}
		}
	}
}
