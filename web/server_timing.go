package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/retort-go/retort"
)

// ServerTiming adds a Server-Timing header to each answer, which browsers show
// in their network panel: the time in the database with the number of round
// trips, the wait for connections, and the time until the answer began.
//
// It tells strangers how the service works; it is for development.
func ServerTiming() Option {
	return Option{"web.ServerTiming", forHandle | forSessions, func(s *settings) { s.timing = true }}
}

// Timed is [ServerTiming] for handlers that use sessions of eng by other means
// than [Handle] and [Sessions].
//
//   - Shape: Server-Timing: db;dur=1.204;desc="2 round trips", pool;dur=0.003,
//     total;dur=1.630. Units are milliseconds; what runs after the answer began
//     is not in them.
func Timed(eng *retort.Engine) func(http.Handler) http.Handler {
	if eng == nil {
		registered("Timed", []string{"the engine is nil"})
	}
	return func(next http.Handler) http.Handler {
		if next == nil {
			registered("Timed", []string{"the handler is nil"})
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			t, inner := timed(eng, w, r)
			defer handBack(r, inner)
			next.ServeHTTP(t, inner)
			t.begin() // nothing was written: net/http does
		})
	}
}

// timed starts the clock of one request.
func timed(eng *retort.Engine, w http.ResponseWriter, r *http.Request) (*timedWriter, *http.Request) {
	ctx, tally := eng.WithTally(r.Context())
	return &timedWriter{ResponseWriter: w, tally: tally, start: time.Now()}, r.WithContext(ctx)
}

// timedWriter sets the header at the last moment.
type timedWriter struct {
	http.ResponseWriter
	tally *retort.Tally
	start time.Time
	begun bool
}

func (t *timedWriter) begin() {
	if t.begun {
		return
	}
	t.begun = true
	if t.Header().Get("Server-Timing") != "" {
		return // a route with ServerTiming behind Timed knows better
	}
	trips := "round trips"
	if t.tally.Trips() == 1 {
		trips = "round trip"
	}
	t.Header().Set("Server-Timing", fmt.Sprintf("db;dur=%.3f;desc=\"%d %s\", pool;dur=%.3f, total;dur=%.3f",
		milliseconds(t.tally.Time()), t.tally.Trips(), trips, milliseconds(t.tally.Wait()), milliseconds(time.Since(t.start))))
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// WriteHeader begins the answer, unless the status is informational.
func (t *timedWriter) WriteHeader(status int) {
	if status >= http.StatusOK || status == http.StatusSwitchingProtocols {
		t.begin()
	}
	t.ResponseWriter.WriteHeader(status)
}

// Write begins the answer.
func (t *timedWriter) Write(data []byte) (int, error) {
	t.begin()
	return t.ResponseWriter.Write(data)
}

// Flush is FlushError without its error.
func (t *timedWriter) Flush() { _ = t.FlushError() }

// FlushError begins the answer.
func (t *timedWriter) FlushError() error {
	t.begin()
	return http.NewResponseController(t.ResponseWriter).Flush()
}

// Unwrap lets http.ResponseController reach the rest.
func (t *timedWriter) Unwrap() http.ResponseWriter { return t.ResponseWriter }
