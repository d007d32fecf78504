package web_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest/proxy"
	"github.com/retort-go/retort/web"
)

// TestCommitThenRespond: of 1,000 requests half fail at COMMIT, by a deferred
// constraint. The clients' 2xx answers are exactly the rows that are there.
func TestCommitThenRespond(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		register func(s *service)
		honest   bool
	}{
		"handle": {func(s *service) {
			s.mux.Handle("POST /things", web.Handle(s.Engine, create, web.Status(201)))
		}, true},
		"sessions": {func(s *service) {
			s.plain("POST /things", func(w http.ResponseWriter, r *http.Request) {
				code := r.Header.Get("X-Code")
				web.Session(r).Add(&Thing{Code: code, Name: r.Header.Get("X-Name"), Count: 1})
				w.WriteHeader(201)
				_, _ = io.WriteString(w, code)
			})
		}, true},
		// The order of a dependency with yield: answer, then commit. The test must
		// see the difference, or it proves nothing.
		"control_that_answers_first": {func(s *service) {
			s.mux.HandleFunc("POST /things", func(w http.ResponseWriter, r *http.Request) {
				sess := s.Engine.Session()
				defer sess.Close(r.Context())
				sess.Add(&Thing{Code: r.Header.Get("X-Code"), Name: r.Header.Get("X-Name"), Count: 1})
				w.WriteHeader(201)
				_ = http.NewResponseController(w).Flush()
				_ = sess.Commit(context.WithoutCancel(r.Context()))
			})
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			c.register(s)
			var mu sync.Mutex
			acked := make(map[string]bool) // by the name, which is each request's own
			statuses := make(map[int]int)
			inParallel(8, 1000, func(i int) {
				code, name := fmt.Sprint("code", i/2), fmt.Sprint("name", i)
				got := s.do(t, "POST", "/things", fmt.Sprintf(`{"code":%q,"name":%q}`, code, name), "X-Code", code, "X-Name", name)
				mu.Lock()
				defer mu.Unlock()
				if got.err != nil {
					t.Errorf("request %d: %v", i, got.err)
					return
				}
				statuses[got.StatusCode]++
				if got.StatusCode < 300 {
					acked[name] = true
				}
			})
			stored := make(map[string]bool)
			for _, row := range s.Rows(t, "SELECT name FROM things") {
				stored[row] = true
			}
			lies := 0
			for name := range acked {
				if !stored[name] {
					lies++
				}
			}
			t.Logf("answers %v, rows %d, 2xx without a row %d", statuses, len(stored), lies)
			if len(stored) != 500 {
				t.Errorf("%d rows are stored, want 500", len(stored))
			}
			if honest := lies == 0 && len(acked) == len(stored); honest != c.honest {
				t.Errorf("2xx answers equal rows: %v, want %v", honest, c.honest)
			}
			if c.honest && statuses[409] != 500 {
				t.Errorf("%d answers of 409, want 500", statuses[409])
			}
		})
	}
}

// inParallel calls f(0) to f(n-1) from several goroutines.
func inParallel(workers, n int, f func(i int)) {
	next := make(chan int)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

func TestClientLeaves(t *testing.T) {
	t.Parallel()
	s := newService(t)
	inside := make(chan struct{})
	wait := func(ctx context.Context) {
		inside <- struct{}{}
		<-ctx.Done()
	}
	s.mux.Handle("POST /handle", web.Handle(s.Engine, func(ctx context.Context, sess *retort.Session, _ *struct{}) (*Thing, error) {
		thing := newThing()
		sess.Add(thing)
		wait(ctx)
		return thing, nil
	}, s.logger()))
	s.mux.Handle("POST /flushed", web.Handle(s.Engine, func(ctx context.Context, sess *retort.Session, _ *struct{}) (*Thing, error) {
		thing := newThing()
		sess.Add(thing)
		err := sess.Flush(ctx)
		wait(ctx)
		return thing, err
	}, s.logger()))
	s.plain("POST /sessions", func(_ http.ResponseWriter, r *http.Request) {
		web.Session(r).Add(newThing())
		wait(r.Context())
	})
	s.mux.Handle("POST /sleep", web.Handle(s.Engine, func(ctx context.Context, sess *retort.Session, _ *struct{}) (*Thing, error) {
		sess.Add(newThing())
		go func() { inside <- struct{}{} }()
		_, err := sess.Exec(ctx, "SELECT pg_sleep(60)")
		return nil, err
	}, s.logger()))
	for i, path := range []string{"/handle", "/flushed", "/sessions", "/sleep"} {
		t.Run("before_COMMIT_"+path[1:], func(t *testing.T) {
			ctx, leave := context.WithCancel(t.Context())
			done := make(chan reply)
			go func() { done <- fetch(ctx, t, s.srv.Client(), "POST", s.srv.URL+path, "") }()
			<-inside
			leave()
			if got := <-done; got.err == nil {
				t.Errorf("got %d", got.StatusCode)
			}
			eventually(t, "the log says 499", func() bool { return strings.Count(s.log.String(), `"status":499`) == i+1 })
			s.idle(t)
			if s.rows(t) != 0 {
				t.Error("a row is there")
			}
			s.noneOpen(t)
		})
	}
	if strings.Contains(s.log.String(), `"level":"ERROR"`) {
		t.Errorf("a client that leaves is no error: %s", s.log)
	}
}

// TestClientClosesItsSide: net/http takes a half-closed connection for a client
// that left, but that client still reads. It must not read a 2xx.
func TestClientClosesItsSide(t *testing.T) {
	t.Parallel()
	s := newService(t)
	inside := make(chan struct{})
	s.mux.Handle("POST /handle", web.Handle(s.Engine, func(ctx context.Context, sess *retort.Session, _ *struct{}) (*Thing, error) {
		thing := newThing()
		sess.Add(thing)
		inside <- struct{}{}
		<-ctx.Done()
		return thing, nil
	}, s.logger()))
	s.plain("POST /sessions", func(w http.ResponseWriter, r *http.Request) {
		web.Session(r).Add(newThing())
		w.WriteHeader(http.StatusCreated)
		inside <- struct{}{}
		<-r.Context().Done()
	})
	for _, path := range []string{"/handle", "/sessions"} {
		var dialer net.Dialer
		conn, err := dialer.DialContext(t.Context(), "tcp", s.srv.Listener.Addr().String())
		must(t, err)
		defer conn.Close()
		_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", path)
		must(t, err)
		<-inside
		must(t, conn.(*net.TCPConn).CloseWrite())
		if all, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(all), "HTTP/1.1 499 ") {
			t.Errorf("%s: got %q, %v", path, all, err)
		}
		if s.rows(t) != 0 {
			t.Errorf("%s: a row is there", path)
		}
	}
}

// eventually waits for what another goroutine or process does.
func eventually(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("not within 10 s: %s", what)
		}
	}
}

// TestClientsLeaveAtRandom: whatever the moment, what was acknowledged is stored
// and nothing stays open.
func TestClientsLeaveAtRandom(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.mux.Handle("POST /things", web.Handle(s.Engine, create, s.logger()))
	var mu sync.Mutex
	var acked []string
	inParallel(8, 400, func(i int) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(30_000))*time.Microsecond)
		defer cancel()
		name := fmt.Sprint(i)
		got := fetch(ctx, t, s.srv.Client(), "POST", s.srv.URL+"/things", fmt.Sprintf(`{"code":%q,"name":%q}`, name, name))
		if got.err == nil && got.StatusCode == 200 {
			mu.Lock()
			acked = append(acked, name)
			mu.Unlock()
		}
	})
	s.idle(t)
	for _, name := range acked {
		if s.QueryInt(t, "SELECT count(*) FROM things WHERE name = $1", name) != 1 {
			t.Errorf("%s was acknowledged and is not there", name)
		}
	}
	t.Logf("%d of 400 acknowledged, %d stored", len(acked), s.rows(t))
	s.noneOpen(t)
}

// noneOpen waits until the server has no transaction open: it learns a moment
// later that a connection was closed.
func (s *service) noneOpen(tb testing.TB) {
	tb.Helper()
	eventually(tb, "no transaction is open", func() bool {
		return s.QueryInt(tb, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'") == 0
	})
}

func TestCommitUnknown(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.mux.Handle("POST /things", web.Handle(s.Engine, create, s.logger(), web.Repeatable()))
	s.Proxy.CutBefore(proxy.CommitReply).Times(1)
	got := s.do(t, "POST", "/things", `{"code":"a","name":"a"}`)
	p := got.problem(t)
	if p.Status != 503 || p.Type != web.ProblemCommitUnknown || got.Header.Get("Retry-After") != "" {
		t.Errorf("got %+v %v", p, got.Header)
	}
	eventually(t, "it was stored once", func() bool { return s.rows(t) == 1 })
	if !strings.Contains(s.log.String(), `"level":"ERROR"`) {
		t.Error("nobody was told")
	}
}

func TestSlowBodyHoldsNoConnection(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.mux.Handle("POST /handle", web.Handle(s.Engine, create))
	s.mux.Handle("POST /sessions", web.Sessions(s.Engine)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		web.Session(r).Add(newThing())
	})))
	s.mux.Handle("POST /key", web.Sessions(s.Engine, web.Idempotent(keys, account))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		web.Session(r).Add(newThing())
	})))
	for i, path := range []string{"/handle", "/sessions", "/key"} {
		used := s.Engine.Stats().Acquires
		var dialer net.Dialer
		conn, err := dialer.DialContext(t.Context(), "tcp", s.srv.Listener.Addr().String())
		must(t, err)
		defer conn.Close()
		body := `{"code":"a","name":"a"}`
		_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Account: ann\r\nIdempotency-Key: k\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", path, len(body), body[:5])
		must(t, err)
		for range 20 {
			if st := s.Engine.Stats(); st.Acquires != used {
				t.Fatalf("%s: half a body took a connection: %s", path, st)
			}
			time.Sleep(time.Millisecond)
		}
		_, err = io.WriteString(conn, body[5:])
		must(t, err)
		if all, err := io.ReadAll(conn); err != nil || !strings.Contains(string(all), "200 OK") || s.rows(t) != int64(i+1) {
			t.Errorf("%s: got %q, %v, %d rows", path, all, err, s.rows(t))
		}
	}
}
