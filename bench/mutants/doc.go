// Package mutants breaks code on purpose, one small change at a time, and asks
// the tests whether they notice.
//
// The one idea: all mutants of a package are compiled at once, each behind a
// switch, so that a mutant costs a run of the tests that reach it and no build. The
// changed sources are given to the compiler by -overlay: nothing in the checkout is
// touched.
//
//	report, err := mutants.Run(ctx, mutants.Target{Dir: "pool", Tests: []mutants.Tests{{Dir: "pool"}}}, env)
//	for _, m := range report.Alive() { fmt.Println(m.Key) }
//
// What it changes: a condition, and each part of one, is always or never true;
// < becomes <=, > becomes >=, and back; a + b becomes a; a statement is left out; an
// error is returned as nil. What it leaves alone: Lock and Unlock, which are the race
// detector's business, panics, constants, texts.
//
// docs/mutants.md has the survivors, each with a judgment; bench/cmd/mutants holds
// them together.
package mutants
