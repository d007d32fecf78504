package retorttest

import (
	"slices"
	"strings"
	"testing"
)

// RoundTrips runs f and returns how many round trips it made.
//
//   - Shape: two kinds are left out that no caller waits for, so that the number is
//     the same each time: what an engine asks once, on its first connection (the
//     types of the models that are not built in, the place of Config.Outcomes), and
//     the reset of a connection that ran raw SQL, which the pool makes behind its
//     user's back.
func (k *Kit) RoundTrips(f func()) int {
	before, ran := k.sent()
	f()
	trips, texts := k.sent()
	trips -= before
	for _, sql := range texts[len(ran):] {
		if learns(sql) || resets(sql) {
			trips--
		}
	}
	return trips
}

// sent is what the proxy counted, and the texts that belong to it: a connection
// may be reset at this moment.
func (k *Kit) sent() (trips int, texts []string) {
	for {
		texts, trips = k.Proxy.Executions(), k.Proxy.RoundTrips()
		if len(k.Proxy.Executions()) == len(texts) {
			return trips, texts
		}
	}
}

// Statements runs f and returns the texts that the server ran for it, in their
// order.
//
//   - Shape: BEGIN, COMMIT and their like are left out, as with [OnStatement], and
//     what travels with them: settings, limits by a deadline, the outcome row. A
//     repeated query is there as often as it ran. What other goroutines do on
//     the same kit meanwhile is in it, too.
func (k *Kit) Statements(f func()) []string {
	before := len(k.Proxy.Executions())
	f()
	return slices.DeleteFunc(k.Proxy.Executions()[before:], func(sql string) bool { return !work(sql) })
}

// WantTrips runs f and fails the test unless it made want round trips, with the
// list of what was sent.
func (k *Kit) WantTrips(tb testing.TB, want int, f func()) {
	tb.Helper()
	before := len(k.Proxy.Executions())
	if got := k.RoundTrips(f); got != want {
		tb.Errorf("retorttest: %d round trips, want %d; the server was asked for:\n%s", got, want,
			strings.Join(k.Proxy.Executions()[before:], "\n"))
	}
}

// WantStatements runs f and fails the test unless the server ran want statements
// for it, with their list: the guard against a query in a loop.
func (k *Kit) WantStatements(tb testing.TB, want int, f func()) {
	tb.Helper()
	if got := k.Statements(f); len(got) != want {
		tb.Errorf("retorttest: %d statements, want %d:\n%s", len(got), want, strings.Join(got, "\n"))
	}
}
