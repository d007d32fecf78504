package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"sync"

	"github.com/retort-go/retort"
)

// requestIDHeader is where a proxy says which request this is, and where an
// answer says it that the log has a line about.
const requestIDHeader = "X-Request-Id"

// Labeled puts the labels of each request into its context, for handlers that
// use sessions by other means than [Handle] and [Sessions], which do it
// themselves: traces, metrics and log lines then say who it was.
//
//   - Shape: Route is the pattern that net/http's mux has found, RequestID what
//     X-Request-Id says in up to 128 letters, digits and -_.:/+=@, else a random
//     text. What outer labels of [retort.WithLabels] say comes first. It stands
//     right around the mux: a middleware between the two that makes a request of
//     its own hides the pattern.
func Labeled(next http.Handler) http.Handler {
	if next == nil {
		registered("Labeled", []string{"the handler is nil"})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, l := labeled(r)
		inner := l.of(ctx, r)
		defer handBack(r, inner)
		next.ServeHTTP(w, inner) // the mux sets the pattern of that one
	})
}

// requestLabels are the labels of one request. They are found out when somebody
// asks.
type requestLabels struct {
	request *http.Request
	outer   retort.Labeler // nil: none
	once    sync.Once
	id      string // guarded by once
}

// labeled returns a context of r that has labels.
func labeled(r *http.Request) (context.Context, *requestLabels) {
	outer := retort.LabelerOf(r.Context())
	if own, ok := outer.(*requestLabels); ok && own.request == r {
		return r.Context(), own
	}
	l := &requestLabels{request: r, outer: outer}
	return retort.WithLabels(r.Context(), l), l
}

// of returns r with ctx, which has the labels, as its context.
func (l *requestLabels) of(ctx context.Context, r *http.Request) *http.Request {
	if ctx == r.Context() {
		return r
	}
	l.request = r.WithContext(ctx)
	return l.request
}

// Route finds the pattern alone.
func (l *requestLabels) Route() string {
	if l.outer != nil {
		if route := l.outer.Labels().Route; route != "" {
			return route
		}
	}
	return l.request.Pattern
}

// Labels finds the pattern and the id.
func (l *requestLabels) Labels() retort.Labels {
	var out retort.Labels
	if l.outer != nil {
		out = l.outer.Labels()
	}
	if out.Route == "" {
		out.Route = l.request.Pattern
	}
	if out.RequestID == "" {
		l.once.Do(func() { l.id = requestID(l.request) })
		out.RequestID = l.id
	}
	return out
}

func requestID(r *http.Request) string {
	if id := r.Header.Get(requestIDHeader); plainID(id) {
		return id
	}
	return rand.Text()
}

// plainID keeps out what could forge a log line or fill it.
func plainID(id string) bool {
	if id == "" || len(id) > 128 {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '-', c == '_', c == '.', c == ':', c == '/', c == '+', c == '=', c == '@':
		default:
			return false
		}
	}
	return true
}
