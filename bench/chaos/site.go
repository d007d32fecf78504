package chaos

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// quiet is for routes whose failures are the point.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// site is an HTTP server on a port of this machine, and a client of it.
type site struct {
	server *http.Server
	client *http.Client
	addr   string
}

func newSite(handler http.Handler) (*site, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &site{
		server: &http.Server{
			Handler: handler, ReadHeaderTimeout: 10 * time.Second,
			ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
		},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		addr:   listener.Addr().String(),
	}
	go func() { _ = s.server.Serve(listener) }() // ends with close
	return s, nil
}

// close lets requests end for ten seconds.
func (s *site) close() error {
	s.client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := s.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.server.Close())
	}
	return err
}

// send makes one request and returns its status when all of the answer is there.
func (s *site) send(ctx context.Context, method, path, body string) (int, error) {
	status, _, err := s.do(ctx, method, path, body)
	return status, err
}

// ask is send for a POST with headers, by name and value in turns, and returns the
// answer's body, too.
func (s *site) ask(ctx context.Context, path, body string, headers ...string) (int, string, error) {
	return s.do(ctx, http.MethodPost, path, body, headers...)
}

func (s *site) do(ctx context.Context, method, path, body string, headers ...string) (int, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://"+s.addr+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := s.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text), err
}

// inParallel calls f(0) to f(n-1) from several goroutines, until one fails.
func inParallel(workers, n int, f func(i int) error) error {
	var (
		mu       sync.Mutex // guards next and failed
		next     int
		failed   error
		finished sync.WaitGroup
	)
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1, failed == nil && next <= n
	}
	for range workers {
		finished.Go(func() {
			for i, ok := take(); ok; i, ok = take() {
				if err := f(i); err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
				}
			}
		})
	}
	finished.Wait()
	return failed
}
