package retorttest

import (
	"context"
	"testing"

	"github.com/retort-go/retort"
)

// Call runs a handler as package web would, in a session of its own that is
// committed before Call returns, without HTTP: what it returns has the values
// that the database made, and a COMMIT that fails is the call's error.
//
//   - Shape: options is one TxOptions or none, as the route's would be. With
//     Repeatable each attempt gets a copy of *in.
//   - Errors: of fn or of COMMIT; then nothing is in the database but with
//     [retort.ErrCommitUnknown] and [*retort.CommittedError].
func Call[In, Out any](tb testing.TB, k *Kit, fn func(context.Context, *retort.Session, *In) (*Out, error), in *In, options ...retort.TxOptions) (*Out, error) {
	tb.Helper()
	var opts retort.TxOptions
	switch len(options) {
	case 0:
	case 1:
		opts = options[0]
	default:
		tb.Fatalf("retorttest: Call: %d TxOptions; give one", len(options))
	}
	return retort.InSession(k.Engine, opts, fn)(tb.Context(), in)
}

// Twice is a change for [New] with which every repeatable function runs twice,
// first rolled back, so that a test finds those that keep something of a run:
//
//	k := retorttest.New(t, Base, retorttest.Twice)
//
// See [retort.Config.Rehearse].
func Twice(cfg *retort.Config) { cfg.Rehearse = true }
