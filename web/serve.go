package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/retort-go/retort"
)

// ServerConfig says what [Serve] serves, and how it ends.
//
// The timeouts have defaults that bound every client; -1 is none, where a route
// truly needs it. One route sets its own by http.ResponseController.
type ServerConfig struct {
	Handler http.Handler // required

	// Addr is the TCP address to listen on. Default 127.0.0.1:8000. Listener is
	// used instead, and closed, when given.
	Addr     string
	Listener net.Listener

	// Engine is closed at the end, when the last request is over. Nil: none.
	Engine *retort.Engine

	// Delay is how long the server still accepts after ctx has ended, while
	// [Readyz] answers 503 and every answer closes its connection, so that load
	// balancers can turn away without a failed request. Default 0.
	Delay time.Duration

	// Grace is how long requests may go on after the server has stopped
	// accepting; what is left then is rolled back. A COMMIT that is on its way is
	// not cut: its answer is waited for. Functions of [retort.Engine.Go] have what the
	// requests leave of it, 5 s at least. Default 10 s.
	Grace time.Duration

	// Logger receives one line when the server is ready and what goes wrong in
	// connections. Default slog.Default().
	Logger *slog.Logger

	// Ready is called with the server's URL when it accepts; it replaces the line
	// in the log.
	Ready func(url string)

	ReadHeaderTimeout time.Duration // Default 5 s.
	ReadTimeout       time.Duration // of the whole request. Default 30 s.
	WriteTimeout      time.Duration // from the end of the request's headers to the end of the answer. Default 60 s.
	IdleTimeout       time.Duration // of a connection between requests. Default 2 min.
	MaxHeaderBytes    int           // Default 64 KiB.
}

// How long the end of Serve may take beyond Grace.
const (
	defaultGrace  = 10 * time.Second
	cutTimeout    = 12 * time.Second // for what was canceled to answer; a COMMIT on its way may take 10 s
	engineTimeout = 5 * time.Second  // for the last connections to come back
)

// Serve serves until ctx ends, and then ends itself in order: it stops
// accepting, finishes what is in flight within Grace, cancels the rest, which
// rolls back, and closes the engine.
//
//		ctx, stop := web.Signals(context.Background())
//		defer stop()
//		err := web.Serve(ctx, web.ServerConfig{Handler: mux, Engine: eng})
//
//	  - Shape: nil after an orderly end, also when requests had to be cut; they
//	    answer 503 where they still can. The database need not be up.
//	  - Errors: a missing handler, an address that cannot be listened on, a
//	    listener that fails, an engine whose connections did not come back.
//	  - Cleanup: it owns Listener and Engine and closes both, whatever happens.
func Serve(ctx context.Context, cfg ServerConfig) error {
	log := cfg.Logger
	if log == nil {
		log = slog.Default()
	}
	listener, err := cfg.listen(ctx)
	if err != nil {
		return errors.Join(err, cfg.closeEngine(0))
	}
	// Requests outlive ctx by Grace, and are then told why they end.
	base, cut := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cut(nil)
	draining := new(atomic.Bool)
	srv := cfg.server(context.WithValue(base, drainKey{}, draining), log, draining)

	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(listener) }()
	url := "http://" + listener.Addr().String()
	if cfg.Ready != nil {
		cfg.Ready(url)
	} else {
		log.InfoContext(ctx, "web: ready", "url", url)
	}
	select {
	case err := <-failed:
		cut(ErrShutdown)
		return errors.Join(fmt.Errorf("web: Serve: %w", err), srv.Close(), cfg.closeEngine(0))
	case <-ctx.Done():
	}
	draining.Store(true)
	cfg.delay(log, failed)
	ending := time.Now()
	cfg.drain(srv, log, cut)
	return cfg.closeEngine(cfg.grace() - time.Since(ending))
}

// drainKey finds, in a request's context, whether its server is ending.
type drainKey struct{}

func (cfg *ServerConfig) listen(ctx context.Context) (net.Listener, error) {
	if cfg.Handler == nil {
		if cfg.Listener != nil {
			_ = cfg.Listener.Close()
		}
		return nil, errors.New("web: Serve: Handler is nil; give it your mux")
	}
	if cfg.Listener != nil {
		return cfg.Listener, nil
	}
	addr := cfg.Addr
	if addr == "" {
		addr = "127.0.0.1:8000"
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(context.WithoutCancel(ctx), "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("web: Serve: %w; choose another ServerConfig.Addr", err)
	}
	return listener, nil
}

func (cfg *ServerConfig) server(base context.Context, log *slog.Logger, draining *atomic.Bool) *http.Server {
	or := func(d, standard time.Duration) time.Duration {
		switch {
		case d == 0:
			return standard
		case d < 0:
			return 0 // net/http's word for none
		default:
			return d
		}
	}
	srv := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if draining.Load() {
				w.Header().Set("Connection", "close")
			}
			cfg.Handler.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: or(cfg.ReadHeaderTimeout, 5*time.Second),
		ReadTimeout:       or(cfg.ReadTimeout, 30*time.Second),
		WriteTimeout:      or(cfg.WriteTimeout, 60*time.Second),
		IdleTimeout:       or(cfg.IdleTimeout, 2*time.Minute),
		MaxHeaderBytes:    cfg.MaxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return base },
	}
	if srv.MaxHeaderBytes <= 0 {
		srv.MaxHeaderBytes = 64 << 10
	}
	return srv
}

// delay waits while the others learn that this server ends.
func (cfg *ServerConfig) delay(log *slog.Logger, failed <-chan error) {
	if cfg.Delay <= 0 {
		return
	}
	timer := time.NewTimer(cfg.Delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case err := <-failed:
		log.Error("web: the listener failed while the server was ending", "error", err)
	}
}

// drain stops accepting and ends what is in flight, kindly and then not.
func (cfg *ServerConfig) drain(srv *http.Server, log *slog.Logger, cut context.CancelCauseFunc) {
	grace := cfg.grace()
	if shutdown(srv, grace) == nil {
		return
	}
	log.Warn("web: requests were still in flight after the grace period and are rolled back", "grace", grace.String())
	cut(ErrShutdown)
	if shutdown(srv, cutTimeout) != nil {
		_ = srv.Close()
	}
}

func shutdown(srv *http.Server, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return srv.Shutdown(ctx)
}

// grace is how long what is in flight may go on.
func (cfg *ServerConfig) grace() time.Duration {
	if cfg.Grace <= 0 {
		return defaultGrace
	}
	return cfg.Grace
}

// closeEngine gives background functions what is left of the grace period.
func (cfg *ServerConfig) closeEngine(left time.Duration) error {
	if cfg.Engine == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), max(left, engineTimeout))
	defer cancel()
	if err := cfg.Engine.Close(ctx); err != nil {
		return fmt.Errorf("web: Serve: close the engine: %w", err)
	}
	return nil
}
