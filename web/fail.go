package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

// fail answers a request whose session was rolled back, and logs what the
// client is not told.
func (s *settings) fail(w http.ResponseWriter, r *http.Request, err error) {
	s.failOf(s.txFor(r.Method), w, r, err)
}

// failOf is fail for work that ran in a transaction of tx.
func (s *settings) failOf(tx retort.TxOptions, w http.ResponseWriter, r *http.Request, err error) {
	ctx, labels := labeled(r)
	s.failIn(ctx, labels, tx, w, r, err)
}

// failIn is failOf for work that ran in ctx, which has the labels. They stay as they
// are: goroutines that the handler has left behind may ask them.
func (s *settings) failIn(ctx context.Context, labels *requestLabels, tx retort.TxOptions, w http.ResponseWriter, r *http.Request, err error) {
	p := problemFor(ctx, tx, r, err)
	s.report(ctx, labels, w, r, p, err)
	// Also when the client seems to have left: one that has only closed its side
	// would otherwise read the 200 that net/http sends for a silent handler.
	p.ServeHTTP(w, r)
}

// problemFor is ProblemOf with what the request and its transaction tell beyond the
// error.
func problemFor(ctx context.Context, tx retort.TxOptions, r *http.Request, err error) Problem {
	p := ProblemOf(err)
	canceled := p.Type == ProblemClientClosed
	switch cause := context.Cause(ctx); {
	case canceled && cause != nil:
		return ProblemOf(cause) // ErrShutdown, a middleware's own, or a client that left
	case canceled:
		return internalProblem() // the handler canceled a context of its own
	case p.Type == ProblemStale && errors.Is(err, retort.ErrStale) && r.Header.Get("If-Match") != "":
		return preconditionError().problem()
	case p.Type == ProblemCommittedNotRendered && tx.ReadOnly:
		return internalProblem() // nothing was stored
	case p.Type == ProblemUnavailable && pgerr.KindOf(err) == pgerr.ReadOnly && tx.ReadOnly:
		return internalProblem() // no standby: the handler writes where it must not
	}
	return p
}

// report logs an answer of 500 and above, and a client that left. The answer
// says by X-Request-Id which line it is.
func (s *settings) report(ctx context.Context, labels *requestLabels, w http.ResponseWriter, r *http.Request, p Problem, err error) {
	level, text := slog.LevelError, "web: request failed"
	switch {
	case p.Status == StatusClientClosed:
		level, text = slog.LevelDebug, "web: client left before COMMIT, rolled back"
	case p.Status < 500:
		return
	case p.Type == ProblemTimeout, p.Status == http.StatusServiceUnavailable && p.Type != ProblemCommitUnknown:
		level = slog.LevelWarn
	}
	w.Header().Set(requestIDHeader, labels.Labels().RequestID)
	// The log adds the route and the id. Not the path: it holds values.
	s.log.LogAttrs(ctx, level, text, slog.String("method", r.Method),
		slog.Int("status", p.Status), slog.String("type", p.Type), slog.String("error", logged(err)))
}

// logged is the text of err with the server's answer in the words of pgerr: code
// beside the session has pgx's own error, whose message may quote values.
func logged(err error) string {
	text := err.Error()
	if e, ok := errors.AsType[*pgerr.ServerError](pgerr.Wrap(err)); ok && e.Err != nil {
		return strings.ReplaceAll(text, e.Err.Error(), e.Error())
	}
	return text
}
