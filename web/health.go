package web

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/retort-go/retort"
)

// readyTimeout bounds the round trip of Readyz.
const readyTimeout = time.Second

// Healthz answers 200 as long as the process serves at all: it asks nobody, so
// that an outage of the database does not restart the service.
func Healthz() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writeState(w, "ok") })
}

// Readyz answers 200 when the database answered just now, else 503 with a
// problem that does not say why: slog.Default() at registration has a line when the
// reason changes. While [Serve] waits before it stops accepting, it answers 503.
//
// Checks are asked when the database answered: one that fails is a 503, too. A
// migrate/drift.Expect is one, or a migrate.Runner's Check.
//
//   - Units: one round trip and what the checks need, together at most 1 second.
func Readyz(eng *retort.Engine, checks ...func(context.Context) error) http.Handler {
	if eng == nil {
		registered("Readyz", []string{"the engine is nil"})
	}
	p := &probe{checks: append([]func(context.Context) error{eng.Ping}, checks...), log: slog.Default()}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d, ok := r.Context().Value(drainKey{}).(*atomic.Bool); ok && d.Load() {
			ProblemOf(ErrShutdown).ServeHTTP(w, r)
			return
		}
		if !p.ready(r.Context()) {
			unavailable(ProblemUnavailable, "Unavailable", retryLater).ServeHTTP(w, r)
			return
		}
		writeState(w, "ready")
	})
}

// probe asks checks in their order.
type probe struct {
	checks  []func(context.Context) error
	log     *slog.Logger
	failing atomic.Int64 // number of the check that failed last time; 0: none
}

func (p *probe) ready(ctx context.Context) bool {
	limited, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for i, check := range p.checks {
		err := check(limited)
		if err == nil {
			continue
		}
		if ctx.Err() == nil && p.failing.Swap(int64(i+1)) != int64(i+1) { // who asks is still there
			p.log.WarnContext(ctx, "web: not ready", "error", logged(err))
		}
		return false
	}
	if p.failing.Swap(0) != 0 {
		p.log.InfoContext(ctx, "web: ready again")
	}
	return true
}

func writeState(w http.ResponseWriter, state string) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(`{"status":"` + state + "\"}\n"))
}
