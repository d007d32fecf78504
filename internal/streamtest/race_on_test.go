//go:build race

package streamtest_test

// slow says that the race detector watches.
const slow = true
