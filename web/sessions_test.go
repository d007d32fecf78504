package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// plain registers a handler behind Sessions.
func (s *service) plain(pattern string, h http.HandlerFunc, opts ...web.Option) {
	s.mux.Handle(pattern, web.Sessions(s.Engine, append(opts, s.logger())...)(h))
}

// TestSessions_outcomes: one handler that adds a row and then behaves in all the
// ways that a handler can.
func TestSessions_outcomes(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ends := map[string]struct {
		end    func(w http.ResponseWriter, r *http.Request)
		status int // 0: no answer
		body   string
		stored bool
	}{
		"writes_nothing": {func(http.ResponseWriter, *http.Request) {}, 200, "", true},
		"writes_201":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); _, _ = io.WriteString(w, "ok") }, 201, "ok", true},
		"redirects":      {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusSeeOther) }, 303, "", true},
		"answers_400":    {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 400) }, 400, "no\n", false},
		"answers_500":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, 500, "", false},
		"panics":         {func(http.ResponseWriter, *http.Request) { panic("canary") }, 0, "", false},
		"panics_after_writing": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "ok")
			panic("canary")
		}, 0, "", false},
		"aborts": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, "", false},
		"exits":  {func(http.ResponseWriter, *http.Request) { runtime.Goexit() }, 0, "", false},
		"fails_at_flush_and_says_200": {func(w http.ResponseWriter, r *http.Request) {
			web.Session(r).Add(&Thing{})
			_ = web.Session(r).Flush(r.Context()) // count_positive
			_, _ = io.WriteString(w, "fine")
		}, 422, "", false},
		"overflows": {func(w http.ResponseWriter, _ *http.Request) {
			for range 33 {
				_, _ = w.Write(make([]byte, 1024))
			}
		}, 500, "", false},
		"overflows_by_ReadFrom": {func(w http.ResponseWriter, _ *http.Request) {
			_, err := io.Copy(w, io.LimitReader(zeros{}, 33<<10))
			var over *web.OverflowError
			if !errors.As(err, &over) || over.Limit != 32<<10 {
				panic("not told")
			}
		}, 500, "", false},
		"fills_the_buffer": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, io.LimitReader(zeros{}, 32<<10)) }, 200, "", true},
		"breaks_its_Content_Length": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = io.WriteString(w, "short")
		}, 500, "", false},
		"keeps_its_Content_Length": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "5")
			_, _ = io.WriteString(w, "short")
		}, 200, "short", true},
		"asks_to_switch_protocols": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(101) }, 500, "", false},
		"fails_at_COMMIT": {func(_ http.ResponseWriter, r *http.Request) {
			a, b := newThing(), newThing()
			b.Code = a.Code
			web.Session(r).Add(a, b)
		}, 409, "", false},
		"writes_headers_for_nothing": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Set-Cookie", "in=1")
			web.Session(r).Add(&Thing{})
		}, 422, "", false},
	}
	s.plain("POST /{end}", func(w http.ResponseWriter, r *http.Request) {
		web.Session(r).Add(newThing())
		ends[r.PathValue("end")].end(w, r)
	}, web.MaxBuffer(32<<10))
	s.srv.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

	for name, c := range ends {
		t.Run(name, func(t *testing.T) {
			before := s.rows(t)
			got := s.do(t, "POST", "/"+name, "")
			switch {
			case c.status == 0 && got.err == nil:
				t.Errorf("got %d, want no answer", got.StatusCode)
			case c.status != 0 && (got.err != nil || got.StatusCode != c.status):
				t.Errorf("got %v, %v, want %d", got.Response, got.err, c.status)
			case c.body != "" && got.body != c.body:
				t.Errorf("got body %q, want %q", got.body, c.body)
			case c.status != 0 && got.Header.Get("Set-Cookie") != "":
				t.Error("a header of the undone answer came through")
			}
			s.idle(t)
			if stored := s.rows(t) > before; stored != c.stored {
				t.Errorf("stored: %v, want %v", stored, c.stored)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestSessions_answer_is_unchanged(t *testing.T) {
	t.Parallel()
	s := newService(t)
	answer := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum, X-Never")
		w.Header().Add("X-Two", "a")
		w.Header().Add("X-Two", "b")
		w.Header().Del("X-Outer-Gone")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(203)
		w.WriteHeader(202) // too late
		w.Header().Set("X-Late", "no")
		_, _ = io.WriteString(w, "<html>hello")
		w.Header().Set("X-Sum", "42")
		w.Header().Set(http.TrailerPrefix+"X-More", "43")
	}
	outer := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Outer", "1")
			w.Header().Set("X-Outer-Gone", "1")
			h.ServeHTTP(w, r)
		})
	}
	s.mux.Handle("/with", outer(web.Sessions(s.Engine)(http.HandlerFunc(answer))))
	s.mux.Handle("/without", outer(http.HandlerFunc(answer)))
	s.plain("/broken", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Mine", "1")
		web.Session(r).Add(&Thing{})
	})
	s.mux.Handle("/outer-broken", outer(web.Sessions(s.Engine, s.logger())(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Mine", "1")
		web.Session(r).Add(&Thing{})
	}))))
	for _, method := range []string{"GET", "POST", "HEAD"} {
		with, without := s.do(t, method, "/with", ""), s.do(t, method, "/without", "")
		for _, r := range []*reply{&with, &without} {
			r.Header.Del("Date")
		}
		if got, want := describe(with), describe(without); got != want {
			t.Errorf("%s: with a session\n%s\nwithout\n%s", method, got, want)
		}
	}
	t.Run("a_problem_keeps_the_outer_headers_only", func(t *testing.T) {
		got := s.do(t, "POST", "/outer-broken", "")
		if got.StatusCode != 422 || got.Header.Get("X-Outer") != "1" || got.Header.Get("X-Mine") != "" {
			t.Errorf("got %d %v", got.StatusCode, got.Header)
		}
	})
}

func describe(r reply) string {
	return fmt.Sprint(r.StatusCode, r.Header, r.ContentLength, r.TransferEncoding, r.Trailer, r.body)
}

// TestSessions_nothing_slips_past: no byte reaches the client while the
// transaction is open, whatever the handler tries.
func TestSessions_nothing_slips_past(t *testing.T) {
	t.Parallel()
	s := newService(t)
	handlers := map[string]func(w http.ResponseWriter) error{
		"flush":      func(w http.ResponseWriter) error { return http.NewResponseController(w).Flush() },
		"hijack":     func(w http.ResponseWriter) error { _, _, err := http.NewResponseController(w).Hijack(); return err },
		"deadline":   func(w http.ResponseWriter) error { return http.NewResponseController(w).SetWriteDeadline(time.Time{}) },
		"read_limit": func(w http.ResponseWriter) error { return http.NewResponseController(w).SetReadDeadline(time.Time{}) },
		"duplex":     func(w http.ResponseWriter) error { return http.NewResponseController(w).EnableFullDuplex() },
		"interfaces": func(w http.ResponseWriter) error {
			for _, is := range []bool{as[http.Flusher](w), as[http.Hijacker](w), as[http.Pusher](w), as[interface{ Unwrap() http.ResponseWriter }](w)} {
				if is {
					return errors.New("an interface is exposed")
				}
			}
			return nil
		},
		"early_hints": func(w http.ResponseWriter) error { w.WriteHeader(103); return nil },
		"big_write":   func(w http.ResponseWriter) error { _, err := w.Write(make([]byte, 100<<10)); return err },
		"read_from":   func(w http.ResponseWriter) error { _, err := io.Copy(w, io.LimitReader(zeros{}, 100<<10)); return err },
		"trailer":     func(w http.ResponseWriter) error { w.Header().Set(http.TrailerPrefix+"X", "1"); return nil },
	}
	refused := map[string]bool{"flush": true, "hijack": true}
	release := make(chan struct{})
	results := make(chan error, 1)
	s.plain("POST /{way}", func(w http.ResponseWriter, r *http.Request) {
		web.Session(r).Add(newThing())
		_, _ = io.WriteString(w, "first")
		results <- handlers[r.PathValue("way")](w)
		<-release
	})
	for name := range handlers {
		t.Run(name, func(t *testing.T) {
			var dialer net.Dialer
			conn, err := dialer.DialContext(t.Context(), "tcp", s.srv.Listener.Addr().String())
			must(t, err)
			defer conn.Close()
			_, err = fmt.Fprintf(conn, "POST /%s HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", name)
			must(t, err)
			if err := <-results; refused[name] != errors.Is(err, http.ErrNotSupported) || err != nil && !refused[name] {
				t.Errorf("the handler got %v", err)
			}
			must(t, conn.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
			if n, err := conn.Read(make([]byte, 1)); n > 0 || err == nil {
				t.Error("a byte came before COMMIT")
			}
			release <- struct{}{}
			must(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
			if head, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(head, "200 OK") {
				t.Errorf("then got %q, %v", head, err)
			}
		})
	}
}

func as[T any](v any) bool { _, ok := v.(T); return ok }

func TestSessions_left_behind(t *testing.T) {
	t.Parallel()
	s := newService(t)
	var wg sync.WaitGroup
	late := make(chan error, 1)
	s.plain("POST /", func(w http.ResponseWriter, _ *http.Request) {
		wg.Go(func() {
			for {
				if _, err := w.Write([]byte("x")); err != nil {
					late <- err
					return
				}
			}
		})
	})
	got := s.do(t, "POST", "/", "")
	wg.Wait()
	err := <-late
	var over *web.OverflowError
	if !errors.Is(err, http.ErrHandlerTimeout) && !errors.As(err, &over) {
		t.Errorf("a goroutine that writes on got %v", err)
	}
	if got.StatusCode != 200 && got.StatusCode != 500 {
		t.Errorf("got %d", got.StatusCode)
	}
}

func TestSessions_session(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.plain("/kind", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, web.Session(r).ReadOnly()) })
	inner := web.Sessions(s.Engine)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { web.Session(r).Add(newThing()) }))
	s.plain("/nested", func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r)
		fmt.Fprint(w, web.Session(r).Wrote())
	})
	t.Run("is_read_only_for_GET_and_HEAD", func(t *testing.T) {
		for method, want := range map[string]string{"GET": "true", "POST": "false", "PUT": "false", "PATCH": "false", "DELETE": "false"} {
			if got := s.do(t, method, "/kind", "").body; got != want {
				t.Errorf("%s: got %s", method, got)
			}
		}
	})
	t.Run("is_one_for_nested_middlewares", func(t *testing.T) {
		if got := s.do(t, "POST", "/nested", ""); got.body != "true" || s.rows(t) != 1 {
			t.Errorf("got %q", got.body)
		}
	})
	t.Run("is_missed_loudly", func(t *testing.T) {
		defer func() {
			if text := fmt.Sprint(recover()); !strings.Contains(text, "web.Sessions") {
				t.Errorf("got %q", text)
			}
		}()
		web.Session(httptest.NewRequest("GET", "/", nil))
	})
	t.Run("is_closed_afterwards", func(t *testing.T) {
		var kept *retort.Session
		s.plain("/keep", func(_ http.ResponseWriter, r *http.Request) { kept = web.Session(r) })
		s.do(t, "POST", "/keep", "")
		if err := kept.Flush(context.Background()); !errors.Is(err, retort.ErrSessionClosed) {
			t.Errorf("got %v", err)
		}
	})
}
