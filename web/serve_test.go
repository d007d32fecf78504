package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pool"
	"github.com/retort-go/retort/web"
)

// server is a running Serve.
type server struct {
	url  string
	stop context.CancelFunc
	done chan error
}

// serve runs web.Serve until its stop or the test's end.
func serve(tb testing.TB, cfg web.ServerConfig) *server {
	tb.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ready := make(chan string, 1)
	cfg.Ready = func(url string) { ready <- url }
	if cfg.Addr == "" {
		cfg.Addr = "127.0.0.1:0"
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &server{stop: stop, done: make(chan error, 1)}
	go func() { s.done <- web.Serve(ctx, cfg) }()
	tb.Cleanup(func() { stop(); _ = s.wait() })
	select {
	case s.url = <-ready:
	case err := <-s.done:
		s.done <- err
		tb.Fatal(err)
	}
	return s
}

// wait stops nothing; it waits for the end and gives its error.
func (s *server) wait() error {
	err := <-s.done
	s.done <- nil // for the cleanup
	return err
}

// client is an HTTP client of the test's own.
func client(tb testing.TB) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	tb.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func open(tb testing.TB, url string) *retort.Engine {
	tb.Helper()
	eng, err := retort.Open(retort.Config{Base: things, URL: url})
	must(tb, err)
	return eng
}

// TestServe_rolling_restart: under load one server takes over from another, as
// behind a load balancer that asks /readyz. No request fails; what was
// acknowledged is there.
func TestServe_rolling_restart(t *testing.T) {
	t.Parallel()
	s := newService(t)
	start := func() *server {
		eng := open(t, s.URL())
		mux := http.NewServeMux()
		mux.Handle("POST /things", web.Handle(eng, create))
		return serve(t, web.ServerConfig{Handler: mux, Engine: eng, Delay: 2 * time.Second}) // of which a busy machine may miss a good part
	}
	old, fresh := start(), start()
	var active atomic.Pointer[server]
	active.Store(old)
	httpClient := client(t)
	var mu sync.Mutex
	acked := make(map[string]bool)
	var stop atomic.Bool
	var load sync.WaitGroup
	for worker := range 8 {
		load.Go(func() {
			for i := 0; !stop.Load(); i++ {
				name := fmt.Sprintf("%d-%d", worker, i)
				got := fetch(t.Context(), t, httpClient, "POST", active.Load().url+"/things", fmt.Sprintf(`{"code":%q,"name":%q}`, name, name))
				if got.err != nil || got.StatusCode != 200 {
					t.Errorf("%s failed: %v, error %v", name, got.Response, got.err)
					return
				}
				mu.Lock()
				acked[name] = true
				mu.Unlock()
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	old.stop()
	time.Sleep(50 * time.Millisecond) // the balancer's delay
	active.Store(fresh)
	must(t, old.wait())
	time.Sleep(100 * time.Millisecond)
	stop.Store(true)
	load.Wait()
	if stored := s.rows(t); stored != int64(len(acked)) || stored < 10 {
		t.Errorf("%d rows, %d acknowledged", stored, len(acked))
	}
	t.Logf("%d requests", len(acked))
}

func TestServe_drain(t *testing.T) {
	t.Parallel()
	s := newService(t)
	inside := make(chan struct{})
	routes := func(eng *retort.Engine) *http.ServeMux {
		mux := http.NewServeMux()
		mux.Handle("POST /sleep", web.Handle(eng, func(ctx context.Context, sess *retort.Session, _ *struct{}) (*Thing, error) {
			thing := newThing()
			sess.Add(thing)
			inside <- struct{}{}
			_, err := sess.Exec(ctx, "SELECT pg_sleep(0.3)")
			return thing, err
		}, s.logger()))
		mux.Handle("POST /hang", web.Sessions(eng, s.logger())(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			web.Session(r).Add(newThing())
			inside <- struct{}{}
			_, err := web.Session(r).Exec(r.Context(), "SELECT pg_sleep(60)")
			if err == nil {
				panic("slept through")
			}
		})))
		mux.Handle("GET /readyz", web.Readyz(eng))
		return mux
	}
	run := func(t *testing.T, path string, cfg web.ServerConfig) (reply, time.Duration, *retort.Engine) {
		eng := open(t, s.URL())
		cfg.Handler, cfg.Engine = routes(eng), eng
		srv := serve(t, cfg)
		done := make(chan reply)
		go func() { done <- fetch(context.Background(), t, client(t), "POST", srv.url+path, "") }()
		<-inside
		began := time.Now()
		srv.stop()
		got := <-done
		must(t, srv.wait())
		return got, time.Since(began), eng
	}
	t.Run("finishes_what_is_in_flight", func(t *testing.T) {
		before := s.rows(t)
		got, _, eng := run(t, "/sleep", web.ServerConfig{Grace: 10 * time.Second})
		if got.err != nil || got.StatusCode != 200 || s.rows(t) != before+1 {
			t.Errorf("got %+v", got)
		}
		if err := eng.Ping(t.Context()); web.ProblemOf(err).Type != web.ProblemShuttingDown && !errors.Is(err, pool.ErrClosed) {
			t.Errorf("the engine is not closed: %v", err)
		}
	})
	t.Run("rolls_back_what_outlives_the_grace", func(t *testing.T) {
		before := s.rows(t)
		got, took, _ := run(t, "/hang", web.ServerConfig{Grace: 50 * time.Millisecond})
		if p := got.problem(t); p.Type != web.ProblemShuttingDown || s.rows(t) != before {
			t.Errorf("got %+v", p)
		}
		if took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
	})
	t.Run("says_so_in_readyz_while_it_still_accepts", func(t *testing.T) {
		eng := open(t, s.URL())
		srv := serve(t, web.ServerConfig{Handler: routes(eng), Engine: eng, Delay: 500 * time.Millisecond})
		c := client(t)
		if got := fetch(t.Context(), t, c, "GET", srv.url+"/readyz", ""); got.StatusCode != 200 || got.Close {
			t.Fatalf("got %+v", got)
		}
		srv.stop()
		eventually(t, "503 and a closed connection", func() bool {
			got := fetch(t.Context(), t, c, "GET", srv.url+"/readyz", "")
			return got.err == nil && got.StatusCode == 503 && got.Close
		})
		must(t, srv.wait())
	})
}

func TestServe_without_a_database(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.Proxy.RefuseConnections(true)
	eng := open(t, s.Proxy.URL())
	mux := http.NewServeMux()
	mux.Handle("GET /healthz", web.Healthz())
	mux.Handle("GET /readyz", web.Readyz(eng))
	mux.Handle("POST /things", web.Handle(eng, create, s.logger()))
	srv := serve(t, web.ServerConfig{Handler: mux, Engine: eng})
	c := client(t)
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 503} {
		if got := fetch(t.Context(), t, c, "GET", srv.url+path, ""); got.StatusCode != want || strings.Contains(got.body, "connect") {
			t.Errorf("%s: got %d %s, want %d", path, got.StatusCode, got.body, want)
		}
	}
	got := fetch(t.Context(), t, c, "POST", srv.url+"/things", `{"code":"a","name":"a"}`)
	if p := got.problem(t); p.Type != web.ProblemUnavailable || got.Header.Get("Retry-After") == "" {
		t.Errorf("got %+v", p)
	}
	s.Proxy.RefuseConnections(false)
	eventually(t, "ready by itself", func() bool { return fetch(t.Context(), t, c, "GET", srv.url+"/readyz", "").StatusCode == 200 })
	if got := fetch(t.Context(), t, c, "POST", srv.url+"/things", `{"code":"a","name":"a"}`); got.StatusCode != 200 {
		t.Errorf("got %+v", got)
	}
}

func TestReadyz_is_bounded(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.Proxy.BlackHole(true)
	defer s.Proxy.BlackHole(false)
	s.mux.Handle("GET /readyz", web.Readyz(s.Engine))
	began := time.Now()
	if got := s.do(t, "GET", "/readyz", ""); got.StatusCode != 503 {
		t.Errorf("got %+v", got)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestServe_refuses(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	taken, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	defer taken.Close()
	closed, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	_ = closed.Close()
	for name, cfg := range map[string]web.ServerConfig{
		"Handler is nil":          {},
		"choose another":          {Handler: web.Healthz(), Addr: taken.Addr().String()},
		"use of closed network":   {Handler: web.Healthz(), Listener: closed},
		"missing port in address": {Handler: web.Healthz(), Addr: "nowhere"},
	} {
		eng := open(t, "postgres://127.0.0.1:1/none")
		cfg.Engine, cfg.Logger = eng, slog.New(slog.DiscardHandler)
		if err := web.Serve(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
		if err := eng.Ping(t.Context()); web.ProblemOf(err).Type != web.ProblemShuttingDown {
			t.Errorf("%s: the engine is not closed: %v", name, err)
		}
	}
}

// The test binary run again as a server, for signals.
const servesEnv = "RETORT_WEB_TEST_SERVES"

// servesInstead serves until a signal ends it, in the process that signalled
// starts.
func servesInstead() bool {
	url := os.Getenv(servesEnv)
	if url == "" {
		return false
	}
	ctx, stop := web.Signals(context.Background())
	defer stop()
	eng, err := retort.Open(retort.Config{Base: things, URL: url})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("POST /sleep/{ms}", web.Handle(eng, func(ctx context.Context, s *retort.Session, in *struct {
		MS int `path:"ms"`
	},
	) (*Thing, error) {
		thing := newThing()
		s.Add(thing)
		fmt.Println("inside")
		_, err := s.Exec(ctx, "SELECT pg_sleep($1)", float64(in.MS)/1000)
		return thing, err
	}))
	err = web.Serve(ctx, web.ServerConfig{
		Handler: mux, Engine: eng, Addr: "127.0.0.1:0", Grace: 30 * time.Second,
		Ready: func(url string) { fmt.Println(url) },
	})
	fmt.Println("ended:", err)
	return true
}

// signalled is this binary as a server in a process of its own.
func signalled(t *testing.T, databaseURL string) (cmd *exec.Cmd, lines *bufio.Scanner, url string) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), servesEnv+"="+databaseURL)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines = bufio.NewScanner(out)
	lines.Scan()
	return cmd, lines, lines.Text()
}

func TestSignals(t *testing.T) {
	t.Parallel()
	s := newService(t)
	call := func(t *testing.T, url string, ms int) chan reply {
		done := make(chan reply, 1)
		c := client(t)
		go func() { done <- fetch(context.Background(), t, c, "POST", fmt.Sprintf("%s/sleep/%d", url, ms), "") }()
		return done
	}
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run("the_first_"+sig.String()+"_finishes_what_is_in_flight", func(t *testing.T) {
			before := s.rows(t)
			cmd, lines, url := signalled(t, s.URL())
			done := call(t, url, 500)
			lines.Scan()
			must(t, cmd.Process.Signal(sig))
			if got := <-done; got.err != nil || got.StatusCode != 200 || s.rows(t) != before+1 {
				t.Errorf("got %+v", got)
			}
			lines.Scan()
			if lines.Text() != "ended: <nil>" || cmd.Wait() != nil {
				t.Errorf("got %q, %v", lines.Text(), cmd.ProcessState)
			}
		})
	}
	t.Run("the_second_ends_at_once", func(t *testing.T) {
		before := s.rows(t)
		cmd, lines, url := signalled(t, s.URL())
		done := call(t, url, 60_000)
		lines.Scan()
		began := time.Now()
		must(t, cmd.Process.Signal(syscall.SIGTERM))
		eventually(t, "it stopped accepting", func() bool {
			var d net.Dialer
			conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
			if err == nil {
				_ = conn.Close()
			}
			return err != nil
		})
		must(t, cmd.Process.Signal(syscall.SIGTERM))
		if got := <-done; got.err == nil {
			t.Errorf("got %d", got.StatusCode)
		}
		if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != 143 || time.Since(began) > 10*time.Second {
			t.Errorf("got %v after %s", cmd.ProcessState, time.Since(began))
		}
		if s.rows(t) != before {
			t.Error("a row is there")
		}
	})
}

// TestReadyz_asks_its_checks: any that fails is a 503, and none is asked while the
// database is away.
func TestReadyz_asks_its_checks(t *testing.T) {
	t.Parallel()
	s := newService(t)
	var wrong error
	s.mux.Handle("GET /readyz", web.Readyz(s.Engine, func(context.Context) error { return nil }, func(context.Context) error { return wrong }))
	if res := s.do(t, "GET", "/readyz", ""); res.StatusCode != http.StatusOK {
		t.Errorf("status %d, want 200", res.StatusCode)
	}
	wrong = errors.New("the schema is another")
	if res := s.do(t, "GET", "/readyz", ""); res.StatusCode != http.StatusServiceUnavailable || strings.Contains(res.body, "schema") {
		t.Errorf("status %d %s, want 503 that says nothing", res.StatusCode, res.body)
	}
}
