// Command mutants breaks the code of pool, retries and commits on purpose and
// asks the tests whether they notice. It prints what survived and fails unless
// docs/mutants.md judges each of it. Run it from the repository's root: make mutants.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/retort-go/retort/bench/mutants"
	"github.com/retort-go/retort/localpg"
)

// targets are what is tried: what must not be wrong when things break.
func targets() []mutants.Target {
	// Of the root's tests those that are about what breaks: all take minutes.
	root := mutants.Tests{Dir: ".", Run: regexp.MustCompile("Connection|Commit|Stale|Session|Savepoint|Isolation|Retr(y|ies)|Run|Nested|" +
		"Killed|Nothing|Cancel|Restart|Altered|Outage|Primary|Pooler|Transaction|Rollback|Goroutines|Iter|Raw|Flush|Rows|Conflict|Lender|Lost|Disconnect|Outcomes|Deadlines|Settings|TimeLimits|Grouped|Lone|Guarded|Demoted")}
	return []mutants.Target{
		{Dir: "pool", Tests: []mutants.Tests{{Dir: "pool"}}},
		{
			Dir:   "internal/flight",
			Files: []string{"exchange.go", "fly.go", "outcome.go", "savepoint.go", "trip.go"},
			Tests: []mutants.Tests{{Dir: "internal/flight"}, root},
		},
		{
			Dir:   ".",
			Files: []string{"nested.go", "outcome_resolve.go", "rehearse.go", "retry_budget.go", "run.go", "session_flight.go", "session_savepoint.go"},
			Tests: []mutants.Tests{root, {Dir: "retorttest", Run: regexp.MustCompile("Twice|Repeats")}},
		},
	}
}

func main() {
	only := flag.String("only", "", "folders to try, such as pool,internal/flight; all if empty")
	match := flag.String("match", "", "try only mutants whose line in docs/mutants.md this regular expression finds")
	doc := flag.String("doc", "docs/mutants.md", "document with the judgments")
	jobs := flag.Int("jobs", 1, "mutants to try at once")
	write := flag.Bool("write", false, "write the table of what was tried into the document")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *only, *match, *doc, *jobs, *write); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, only, match, doc string, jobs int, write bool) (err error) {
	if write && match != "" {
		return errors.New("-write needs whole packages: leave -match out")
	}
	chosen, err := choose(only)
	if err != nil {
		return err
	}
	pattern, err := regexp.Compile(match)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(doc)
	if err != nil {
		return err
	}
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	srv, err := localpg.Start(ctx, localpg.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.Stop(context.WithoutCancel(ctx))) }()
	begun := time.Now()
	env := mutants.Env{Root: root, Only: pattern, Jobs: jobs, Environ: []string{"RETORT_TEST_DATABASE_URL=" + srv.URL("postgres")}, Say: func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(begun).Seconds(), fmt.Sprintf(format, args...))
	}}
	var reports []mutants.Report
	for _, t := range chosen {
		report, err := mutants.Run(ctx, t, env)
		if err != nil {
			return err
		}
		reports = append(reports, report)
	}
	fmt.Print(mutants.Table(reports))
	if write {
		if err := mutants.WriteTable(doc, reports); err != nil {
			return err
		}
	}
	return judge(reports, string(text), match == "")
}

func choose(only string) ([]mutants.Target, error) {
	all := targets()
	if only == "" {
		return all, nil
	}
	var chosen []mutants.Target
	for dir := range strings.SplitSeq(only, ",") {
		i := slices.IndexFunc(all, func(t mutants.Target) bool { return t.Dir == strings.TrimSpace(dir) })
		if i < 0 {
			return nil, fmt.Errorf("-only: there is no target %q; there are pool, internal/flight and . (the root)", dir)
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// judge prints what survived and returns an error for what nobody has judged.
func judge(reports []mutants.Report, doc string, all bool) error {
	unjudged, stale := mutants.Verdict(reports, mutants.Judged(doc))
	for _, r := range reports {
		for _, key := range r.Alive() {
			word := "judged  "
			if slices.Contains(unjudged, key) {
				word = "UNJUDGED"
			}
			fmt.Println(word, key)
		}
	}
	if !all {
		stale = nil
	}
	for _, key := range stale {
		fmt.Println("DEAD NOW", key)
	}
	if len(unjudged)+len(stale) > 0 {
		return fmt.Errorf("%d survivors without a judgment, %d judgments of what dies now", len(unjudged), len(stale))
	}
	return nil
}
