package retort_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// recorder is an Observer that remembers.
type recorder struct {
	mu      sync.Mutex
	started []retort.FlightInfo
	ended   []retort.FlightInfo
}

type flightKey struct{}

func (r *recorder) FlightStart(ctx context.Context, f retort.FlightInfo) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.started = append(r.started, f)
	return context.WithValue(ctx, flightKey{}, len(r.started))
}

func (r *recorder) FlightEnd(ctx context.Context, f retort.FlightInfo) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if ctx.Value(flightKey{}) == nil {
		panic("FlightEnd without the context of FlightStart")
	}
	r.ended = append(r.ended, f)
}

// take returns what was recorded since the last take.
func (r *recorder) take() []retort.FlightInfo {
	r.mu.Lock()
	defer r.mu.Unlock()
	ended := r.ended
	r.started, r.ended = nil, nil
	return ended
}

// lines is the flights' SQL on one line each, BEGIN and COMMIT included, without
// the label in front.
func (r *recorder) lines() []string {
	var lines []string
	for _, f := range r.take() {
		if f.Begin != "" {
			lines = append(lines, f.Begin)
		}
		for _, sql := range f.Statements {
			_, text, _ := strings.Cut(sql, "*/ ")
			lines = append(lines, strings.Join(strings.Fields(text), " "))
		}
		if f.End != "" {
			lines = append(lines, f.End)
		}
	}
	return lines
}

// verbs is lines, cut to "INSERT books", "UPDATE authors", "DELETE books".
func (r *recorder) verbs() []string {
	var verbs []string
	for _, line := range r.lines() {
		for _, v := range []string{"INSERT INTO", "UPDATE", "DELETE FROM"} {
			if _, rest, ok := strings.Cut(line, v+` "`); ok {
				table, _, _ := strings.Cut(rest, `"`)
				verb, _, _ := strings.Cut(v, " ")
				verbs = append(verbs, verb+" "+table)
				break
			}
		}
	}
	return verbs
}

// bench is an engine with a recorder.
type bench struct {
	*retorttest.Kit
	seen *recorder
}

func newBench(tb testing.TB, change ...func(*retort.Config)) bench {
	tb.Helper()
	seen := &recorder{}
	kit := retorttest.New(tb, library, append(change, func(c *retort.Config) { c.Observer = seen })...)
	return bench{kit, seen}
}

// session starts one that is closed with the test.
func (b bench) session(tb testing.TB, opts ...retort.TxOptions) *retort.Session {
	tb.Helper()
	s := b.Engine.Session()
	if len(opts) > 0 {
		s = b.Engine.SessionWith(opts[0])
	}
	tb.Cleanup(func() { must(tb, s.Close(context.Background())) })
	return s
}

// idle fails the test unless all connections are back and none is in a
// transaction.
func (b bench) idle(tb testing.TB) {
	tb.Helper()
	// One that ran raw SQL is reset behind the caller's back.
	waitFor(tb, "all connections are back", func() bool { return b.Engine.Stats().InUse == 0 })
	waitFor(tb, "no session in a transaction", func() bool {
		return b.QueryInt(tb, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'`) == 0
	})
}

// waitFor polls until ok; for what other processes do in their own time.
func waitFor(tb testing.TB, what string, ok func() bool) {
	tb.Helper()
	for begin := time.Now(); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Since(begin) > 10*time.Second {
			tb.Fatalf("waited 10s in vain for: %s", what)
		}
	}
}

// wantErr fails the test unless err is target and its text holds words.
func wantErr(tb testing.TB, err, target error, words ...string) {
	tb.Helper()
	if err == nil || target != nil && !errors.Is(err, target) {
		tb.Fatalf("got %v, want %v", err, target)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			tb.Errorf("%q is not in: %v", w, err)
		}
	}
}

// contextDone is a context that has ended.
func contextDone() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx, cancel
}

// cutAfter is strings.Cut, but the first part keeps sep.
func cutAfter(s, sep string) (before, after string, found bool) {
	before, after, found = strings.Cut(s, sep)
	if found {
		before += sep
	}
	return before, after, found
}

// lockedBuffer is a log that many goroutines write to.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer // guarded by mu
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
