// Package bench measures Retort beside pgx, in one run and as ratios.
//
// The benchmarks are ordinary Go benchmarks: a part's own stand beside its code,
// those that cross packages stand here. cmd/bench runs all that are listed, in
// interleaved rounds, and prints medians as ratios; absolute times of a shared
// machine say little.
package bench
