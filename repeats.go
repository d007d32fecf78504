package retort

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/retort-go/retort/internal/flight"
)

// RepeatInfo is a query that one session sent again and again from one line: the
// N+1 of a loop that reads what one query could have read.
//
//   - Shape: SQL is the text, the same for all values; Times counts how often it was
//     sent so far, Config.RepeatLimit at the first report. Caller is file:line of
//     the code above Retort.
type RepeatInfo struct {
	SQL    string
	Times  int
	Caller string
}

// RepeatObserver is told of repeated queries; see [Config].RepeatLimit.
//
//   - Concurrency: as of [Observer].
type RepeatObserver interface {
	// QueryRepeated is called when a session sends a query for the RepeatLimit-th
	// time, and again whenever the number has doubled.
	QueryRepeated(ctx context.Context, r RepeatInfo)
}

// QueryRepeated tells those who want to know.
func (l observerList) QueryRepeated(ctx context.Context, r RepeatInfo) {
	each(l, func(o RepeatObserver) { o.QueryRepeated(ctx, r) })
}

// repeated is a query by its text and the line that sent it.
type repeated struct{ sql, caller string }

// countReads notices queries that the session has sent before, from the same line.
func (s *Session) countReads(ctx context.Context, reads []flight.Statement) {
	limit := s.eng.repeatLimit
	if limit == 0 || len(reads) == 0 {
		return
	}
	key := repeated{reads[0].SQL, caller()}
	if s.reads == nil {
		s.reads = make(map[repeated]int)
	}
	s.reads[key]++
	n := s.reads[key]
	for report := limit; report <= n; report *= 2 {
		if report == n {
			s.eng.tellRepeat(ctx, RepeatInfo{SQL: key.sql, Times: n, Caller: key.caller})
		}
	}
}

func (e *Engine) tellRepeat(ctx context.Context, r RepeatInfo) {
	e.log.WarnContext(ctx, fmt.Sprintf("retort: one session sent the same query %d times from %s; read the rows at once: With or LoadRelated for relations, In for keys; see docs/errors.md#repeated-query", r.Times, r.Caller), "sql", r.SQL)
	if o, ok := e.watch.(RepeatObserver); ok {
		o.QueryRepeated(ctx, r)
	}
}

// ours is how the names of this library's functions begin, but for services and
// tests, which are built on it.
const ours = "github.com/retort-go/retort"

// caller is file:line of the first function above the library.
func caller() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		rest, own := strings.CutPrefix(f.Function, ours)
		if !own || !strings.HasPrefix(rest, ".") && !strings.HasPrefix(rest, "/web.") && !strings.HasPrefix(rest, "/internal/") {
			return fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		if !more {
			return "unknown"
		}
	}
}
