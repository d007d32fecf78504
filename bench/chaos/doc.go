// Package chaos breaks databases, connections and clients on purpose and counts
// what the program above sees of it: one function for each line of the
// reliability scoreboard.
//
// The one idea: a zero means something only beside a run of the same checker
// that is not zero. So each scenario counts three times: Retort, bare pgxpool,
// and a control that has the defect and must be seen.
//
//	line, err := chaos.CutCommit(ctx, env, 100)
//	if failures := line.Failures(); len(failures) > 0 { … }
//
// It starts and kills PostgreSQL itself and prints nothing but progress; the
// table, the seed and the exit code are those of bench/cmd/chaos, and
// docs/chaos.md says what each line means. It measures no speed.
package chaos
