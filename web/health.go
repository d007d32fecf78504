package web

import (
	"context"
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
// problem that does not say why: the log of the requests does. While [Serve]
// waits before it stops accepting, it answers 503.
//
// Checks are asked when the database answered: one that fails is a 503, too. A
// migrate/drift.Expect is one, or a migrate.Runner's Check.
//
//   - Units: one round trip and what the checks need, together at most 1 second.
func Readyz(eng *retort.Engine, checks ...func(context.Context) error) http.Handler {
	if eng == nil {
		registered("Readyz", []string{"the engine is nil"})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d, ok := r.Context().Value(drainKey{}).(*atomic.Bool); ok && d.Load() {
			ProblemOf(ErrShutdown).ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		err := eng.Ping(ctx)
		for _, check := range checks {
			if err == nil {
				err = check(ctx)
			}
		}
		if err != nil {
			unavailable(ProblemUnavailable, "Unavailable", retryLater).ServeHTTP(w, r)
			return
		}
		writeState(w, "ready")
	})
}

func writeState(w http.ResponseWriter, state string) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(`{"status":"` + state + "\"}\n"))
}
