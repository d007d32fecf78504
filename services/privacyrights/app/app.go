package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/services/privacyrights/api"
	"github.com/retort-go/retort/services/privacyrights/config"
	"github.com/retort-go/retort/services/privacyrights/model"
	"github.com/retort-go/retort/web"
)

// Options are what the service takes from its surroundings.
type Options struct {
	// Getenv reads the environment. Default os.Getenv.
	Getenv func(string) string
	// EnvFile fills in what the environment leaves open; empty or missing: nothing.
	EnvFile string
	// Stdout receives the one line that says where the ready service is, Stderr
	// the log. Default: neither is written.
	Stdout, Stderr io.Writer
	// Clock tells the time of receipt. Default time.Now.
	Clock func() time.Time
}

// Run serves until ctx ends.
//
//   - Shape: nil after an orderly end.
//   - Errors: wrong settings, all at once; an address that cannot be listened on;
//     no PostgreSQL to embed; a database that refuses the service's tables. A
//     database that cannot be reached is no error.
//   - Cleanup: everything is closed when it returns, the embedded PostgreSQL last.
func Run(ctx context.Context, opts Options) error {
	if opts.Getenv == nil {
		opts.Getenv = os.Getenv
	}
	if opts.Stdout == nil {
		opts.Stdout = io.Discard
	}
	if opts.Stderr == nil {
		opts.Stderr = io.Discard
	}
	cfg, err := config.Load(opts.Getenv, opts.EnvFile)
	if err != nil {
		return err
	}
	a := &app{Options: opts, cfg: cfg, base: model.Base(), log: logger(opts.Stderr, cfg.Debug)}
	return a.run(ctx)
}

// logger keeps quiet about what goes well: the ready line is all that a
// newcomer should see.
func logger(w io.Writer, debug bool) *slog.Logger {
	level := slog.LevelWarn
	if debug {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// app is one run of the service.
type app struct {
	Options
	cfg      config.Config
	base     *retort.Base
	log      *slog.Logger
	prepared atomic.Bool // the tables are there
}

func (a *app) run(ctx context.Context) error {
	// A port that is taken should be known before a database is started.
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", a.cfg.ListenAddr)
	if err != nil {
		return fmt.Errorf("app: LISTEN_ADDR: %w; choose another address", err)
	}
	db, err := a.database(ctx)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	return errors.Join(a.serve(ctx, listener, db), db.stop())
}

// serve owns the listener.
func (a *app) serve(ctx context.Context, listener net.Listener, db *database) error {
	seen := a.see()
	eng, err := retort.Open(a.engineConfig(db.url, seen.observer))
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	a.log = slog.New(eng.LogHandler(a.log.Handler()))
	handler, err := a.handler(eng)
	if err != nil {
		return errors.Join(err, listener.Close(), eng.Close(context.WithoutCancel(ctx)))
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	done := make(chan error, 1)
	go func() {
		err := a.prepare(ctx, eng, func() {
			fmt.Fprintf(a.Stdout, "privacyrights is ready: %[1]s  docs: %[1]s/docs  database: %[2]s\n",
				address(listener.Addr()), db.describe(eng))
		})
		if err != nil {
			fail(err)
		}
		done <- err
	}()
	err = web.Serve(ctx, web.ServerConfig{
		Handler: seen.around(handler, eng, a.cfg.Debug), Listener: listener, Engine: eng,
		Grace: a.cfg.ShutdownGrace.Duration(), Logger: a.log,
		Ready: func(string) {}, // ready is when the tables are there
	})
	fail(nil)
	return errors.Join(<-done, err)
}

func (a *app) engineConfig(url string, observer retort.Observer) retort.Config {
	return retort.Config{
		Base: a.base, URL: url,
		PoolSize: a.cfg.PoolSize, MaxOverflow: a.cfg.MaxOverflow,
		PoolTimeout: a.cfg.PoolTimeout.Duration(),
		Recycle:     max(0, a.cfg.PoolRecycle.Duration()), // -1 is never, which is retort's zero
		PrePing:     a.cfg.PoolPrePing,
		Echo:        a.cfg.Debug, Logger: a.log,
		Observer: observer,
	}
}

func (a *app) handler(eng *retort.Engine) (http.Handler, error) {
	return api.New(api.Config{
		Engine: eng, Title: a.cfg.Title, Description: a.cfg.Description, Version: a.cfg.Version,
		Clock: a.Clock, Prepared: a.prepared.Load, Logger: a.log,
	})
}

// address is a URL that a browser on this machine can open.
func address(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", tcp.Port)
	}
	return "http://" + addr.String()
}
