package api

import (
	"net/http"
	"runtime/debug"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// outermost answers what no route does, panics included, as problems too.
func (a *api) outermost(mux *http.ServeMux) http.Handler {
	return web.Labeled(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := &started{ResponseWriter: w}
		defer a.recovered(started, r)
		handler, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(started, r)
			return
		}
		// The mux's own answer is plain text; its status and Allow are right.
		lost := &statusOnly{header: http.Header{}}
		handler.ServeHTTP(lost, r)
		p := web.Problem{Title: http.StatusText(lost.status), Status: lost.status}
		if allow := lost.header.Get("Allow"); allow != "" {
			w.Header().Set("Allow", allow)
			p.Detail = "This path takes " + allow + "."
		} else if p.Status == http.StatusNotFound {
			p.Detail = "No route has this path; GET /docs shows them."
		}
		p.ServeHTTP(started, r)
	}))
}

// recovered turns a panic into a 500, or into a cut connection when the answer
// has begun. Retort has rolled back before it gets here.
func (a *api) recovered(w *started, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler { //nolint:errorlint // the value that net/http compares with
		panic(v)
	}
	a.Logger.ErrorContext(r.Context(), "api: a handler panicked",
		"method", r.Method, "panic", v, "stack", string(debug.Stack()))
	if w.wrote {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("X-Request-Id", retort.LabelsOf(r.Context()).RequestID)
	web.Problem{Type: web.ProblemInternal, Title: "Internal error", Status: http.StatusInternalServerError}.ServeHTTP(w, r)
}

// started remembers whether the answer has begun.
type started struct {
	http.ResponseWriter
	wrote bool
}

// WriteHeader begins the answer, unless the status is informational.
func (w *started) WriteHeader(status int) {
	w.wrote = w.wrote || status >= http.StatusOK
	w.ResponseWriter.WriteHeader(status)
}

// Write begins the answer.
func (w *started) Write(p []byte) (int, error) {
	w.wrote = true
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the deadlines.
func (w *started) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// statusOnly takes an answer's status and headers and drops its text.
type statusOnly struct {
	header http.Header
	status int
}

// Header gives the headers.
func (w *statusOnly) Header() http.Header { return w.header }

// WriteHeader takes the status.
func (w *statusOnly) WriteHeader(status int) { w.status = status }

// Write drops the text.
func (w *statusOnly) Write(p []byte) (int, error) { return len(p), nil }
