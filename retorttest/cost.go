package retorttest

import (
	"slices"
	"strings"
	"testing"
)

// RoundTrips runs f and returns how many round trips it made.
//
//   - Shape: what an engine asks once, on its first connection, is left out: the
//     types of the models that are not built in.
func (k *Kit) RoundTrips(f func()) int {
	before, ran := k.Proxy.RoundTrips(), len(k.Proxy.Executions())
	f()
	trips := k.Proxy.RoundTrips() - before
	for _, sql := range k.Proxy.Executions()[ran:] {
		if learns(sql) {
			trips--
		}
	}
	return trips
}

// Statements runs f and returns the texts that the server ran for it, in their
// order.
//
//   - Shape: BEGIN, COMMIT and their like are left out, as with [OnStatement]; a
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
