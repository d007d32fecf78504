package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/retort-go/retort"
)

// The limits that hold where no option says otherwise, in bytes.
const (
	DefaultMaxBody   = 1 << 20 // of a request that Handle reads
	DefaultMaxBuffer = 1 << 20 // of an answer that waits for its COMMIT
)

// Option changes how one route works.
//
// [Tx], [TxFor], [TimeLimit], [Logger], [ServerTiming], [Idempotent] and
// [RequireIdempotencyKey] fit every route, and [MaxBody] with Idempotent; [Streaming]
// and [MaxBuffer] only [Sessions]; the others only [Handle] and [HandleView]. An
// option in the wrong place panics when the route is registered.
type Option struct {
	name  string
	kind  routeKind
	apply func(*settings)
}

// routeKind says which kinds of route take an option.
type routeKind uint8

const (
	forHandle routeKind = 1 << iota
	forSessions
)

// settings are the options of one route.
type settings struct {
	tx          retort.TxOptions
	txOf        func(*http.Request) (retort.TxOptions, error)
	log         *slog.Logger
	status      int
	location    any // func(*Out) string
	etag        any // func(*Out) string
	maxBody     int64
	bounded     bool // MaxBody was given
	renderFirst bool
	maxBuffer   int
	streaming   bool
	timing      bool
	limit       time.Duration // where limited
	limited     bool
	once        *once
	keyRequired bool
	own         []string // options that a session of its own is needed for
}

// settle applies options; problems are for a panic at registration.
func settle(at routeKind, call string, opts []Option) (settings, []string) {
	set := settings{maxBody: DefaultMaxBody, maxBuffer: DefaultMaxBuffer}
	var problems []string
	for _, o := range opts {
		switch {
		case o.apply == nil:
			problems = append(problems, "an option is the zero web.Option; use one of the package's functions")
		case o.kind&at == 0:
			problems = append(problems, o.name+" is no option for "+call)
		default:
			o.apply(&set)
		}
	}
	if set.log == nil {
		set.log = slog.Default()
	}
	if set.status != 0 && (set.status < 200 || set.status > 399) {
		problems = append(problems, fmt.Sprintf("web.Status(%d): success is 200 to 399; return a *web.Error to answer otherwise", set.status))
	}
	if set.maxBody <= 0 {
		problems = append(problems, fmt.Sprintf("web.MaxBody(%d): give a number of bytes above 0", set.maxBody))
	}
	if at == forSessions && set.bounded && set.once == nil {
		problems = append(problems, "web.MaxBody without web.Idempotent: a plain handler reads its body itself; use http.MaxBytesReader")
	}
	if set.maxBuffer <= 0 {
		problems = append(problems, fmt.Sprintf("web.MaxBuffer(%d): give a number of bytes above 0", set.maxBuffer))
	}
	if set.limited && set.limit <= 0 {
		problems = append(problems, fmt.Sprintf("web.TimeLimit(%s): give a duration above 0", set.limit))
	}
	problems = append(problems, set.onceProblems()...)
	if at == forSessions && set.limited { // Handle has its limit within another session, too
		set.own = append(set.own, "web.TimeLimit")
	}
	if at == forSessions && set.tx.Repeatable {
		problems = append(problems, "web.Tx with Repeatable: a plain handler has read its request and cannot run again; use web.Handle")
	}
	return set, problems
}

// joinable refuses what an outer [Sessions] has decided already. Left out without a
// word, a tenant or a key would be missed by nobody.
func (s *settings) joinable(call string) error {
	if len(s.own) == 0 {
		return nil
	}
	return fmt.Errorf("web: %s with %s stands behind a Sessions of the same engine, and works in that one's session: give the option to the outer one, or register the route beside it", call, strings.Join(s.own, ", "))
}

// registered panics with every problem of a route at once, where it is
// registered: like a bad pattern in net/http, it is a mistake in the program.
func registered(call string, problems []string) {
	if len(problems) > 0 {
		panic("web: " + call + ": " + strings.Join(problems, "; "))
	}
}

// options of the request's kind
func (s *settings) txFor(method string) retort.TxOptions {
	tx := s.tx
	tx.ReadOnly = tx.ReadOnly || readOnlyMethod(method)
	return tx
}

func readOnlyMethod(method string) bool {
	return method == http.MethodGet || method == http.MethodHead
}

// Tx sets what kind of transaction the route's session runs. The session of GET
// and HEAD is read-only whatever it says.
func Tx(opts retort.TxOptions) Option {
	return Option{"web.Tx", forHandle | forSessions, func(s *settings) {
		opts.Repeatable = opts.Repeatable || s.tx.Repeatable
		s.tx = opts
		s.own = append(s.own, "web.Tx")
	}}
}

// TxFor asks f for each request what kind of transaction its session runs: the
// tenant of the user, a role, a time limit. It stands in place of [Tx]. The session
// of GET and HEAD is read-only whatever f says, and [Repeatable] is the route's to
// say.
//
//   - Errors: an error of f answers as one of the handler's does, and no session
//     exists. Options that cannot be answer 500 with the session's first use.
//   - Concurrency: called by each request on its goroutine.
func TxFor(f func(*http.Request) (retort.TxOptions, error)) Option {
	return Option{"web.TxFor", forHandle | forSessions, func(s *settings) {
		s.txOf = f
		s.own = append(s.own, "web.TxFor")
	}}
}

// txOfRequest asks TxFor's function.
func (s *settings) txOfRequest(r *http.Request) (retort.TxOptions, error) {
	tx, err := s.txOf(r)
	tx.ReadOnly = tx.ReadOnly || readOnlyMethod(r.Method)
	tx.Repeatable = s.tx.Repeatable
	return tx, err
}

// TimeLimit bounds the work of each request, from when it has been read (with
// [Sessions], from its headers) until COMMIT is sent; then it is rolled back and
// answers 504. Repetitions are within it, and what [Streaming] reads behind [Commit].
// Default: none.
//
//   - Shape: the handler's context ends. One that does not heed it keeps its client
//     waiting, but neither locks nor its transaction: the server ends that
//     ([retort.Config].Deadlines).
func TimeLimit(d time.Duration) Option {
	return Option{"web.TimeLimit", forHandle | forSessions, func(s *settings) {
		s.limit, s.limited = d, true
	}}
}

// within gives ctx the route's time limit.
func (s *settings) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if !s.limited {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, s.limit)
}

// Repeatable says that the handler may run again from its start when the
// database asks for it (40001, 40P01): all that it does, it does through its
// session. Each attempt gets a fresh session and a newly decoded input.
func Repeatable() Option {
	return Option{"web.Repeatable", forHandle, func(s *settings) { s.tx.Repeatable = true }}
}

// Logger receives what clients are not told: unexpected errors with the
// request's method and route. Default: slog.Default() at registration.
func Logger(log *slog.Logger) Option {
	return Option{"web.Logger", forHandle | forSessions, func(s *settings) { s.log = log }}
}

// Status sets the status of success, 200 to 399.
func Status(code int) Option {
	return Option{"web.Status", forHandle, func(s *settings) { s.status = code }}
}

// Location sets the Location header from the answer; a POST then answers 201.
//
//   - Shape: called after COMMIT, never with nil; "" sends no header.
func Location[Out any](location func(*Out) string) Option {
	return Option{"web.Location", forHandle, func(s *settings) { s.location = location }}
}

// ETag sets the ETag header from the answer, such as its version; a GET or HEAD
// whose If-None-Match has it answers 304.
//
//   - Shape: called after COMMIT, never with nil. The text is quoted unless it
//     is a tag already ("v1" in quotes, or W/ before them); "" sends no header.
func ETag[Out any](tag func(*Out) string) Option {
	return Option{"web.ETag", forHandle, func(s *settings) { s.etag = tag }}
}

// MaxBody bounds the request's body in bytes; a larger one answers 413. Default
// [DefaultMaxBody]. With [Sessions] it is for what [Idempotent] reads.
func MaxBody(bytes int64) Option {
	return Option{"web.MaxBody", forHandle | forSessions, func(s *settings) { s.maxBody, s.bounded = bytes, true }}
}

// RenderBeforeCommit flushes, makes the answer and only then commits, at the
// price of one round trip: an answer that cannot be made rolls back, instead of
// answering 500 for a change that is stored.
func RenderBeforeCommit() Option {
	return Option{"web.RenderBeforeCommit", forHandle, func(s *settings) { s.renderFirst = true }}
}

// MaxBuffer bounds the answer that waits for its COMMIT, in bytes; a larger one
// rolls back and answers 500. Default [DefaultMaxBuffer].
func MaxBuffer(bytes int) Option {
	return Option{"web.MaxBuffer", forSessions, func(s *settings) {
		s.maxBuffer = bytes
		s.own = append(s.own, "web.MaxBuffer")
	}}
}

// Streaming lets the route's handlers stream after they have called [Commit]
// themselves. A handler that never calls it is buffered as everywhere.
func Streaming() Option {
	return Option{"web.Streaming", forSessions, func(s *settings) {
		s.streaming = true
		s.own = append(s.own, "web.Streaming")
	}}
}
