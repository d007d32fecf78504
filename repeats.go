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
//     the code above Retort; of five times and more the first counts for the line of
//     the second, wherever it was sent from.
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

// readCount counts the queries of a session. A line is dear to find, and most
// queries are sent once: from looksTwice on the first time of a text is counted
// without, and belongs to the line of the second.
type readCount struct {
	first string           // the text of the very first; no others yet
	times map[repeated]int // without a line: 1 the first time, 2 when that was counted with the second
}

// looksTwice is the RepeatLimit from which one too many for a line is no matter.
const looksTwice = 5

// isFirst notes a text, and tells whether it was not sent before.
func (c *readCount) isFirst(sql string) bool {
	if c.times == nil && c.first == "" {
		c.first = sql
		return true
	}
	if c.times == nil {
		c.times = map[repeated]int{{sql: c.first}: 1}
	}
	if c.times[repeated{sql: sql}] > 0 {
		return false
	}
	c.times[repeated{sql: sql}] = 1
	return true
}

// add counts one more time of a query, and the first one with it.
func (c *readCount) add(key repeated) int {
	if c.times == nil {
		c.times = make(map[repeated]int)
	}
	if first := (repeated{sql: key.sql}); c.times[first] == 1 {
		c.times[first] = 2
		c.times[key]++
	}
	c.times[key]++
	return c.times[key]
}

// countReads notices queries that the session has sent before, from the same line.
func (s *Session) countReads(ctx context.Context, reads []flight.Statement) {
	limit := s.eng.repeatLimit
	if limit == 0 || len(reads) == 0 || limit >= looksTwice && s.reads.isFirst(reads[0].SQL) {
		return
	}
	key := repeated{reads[0].SQL, caller()}
	n := s.reads.add(key)
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
