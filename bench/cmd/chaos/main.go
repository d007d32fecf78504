// Command chaos runs the reliability scoreboard: what is lost, doubled, wrong or
// left over while servers, connections and clients die, counted for Retort, for
// bare pgxpool and for a control that must turn red. It prints one Markdown
// table, writes chaos-results.json and fails unless every line is good. Run it
// from the repository's root: make chaos.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	seed := flag.Uint64("seed", 0, "repeat a run's draws; 0 draws a new seed")
	only := flag.String("only", "", "lines to run by number or name, such as 1,idle_kills; all if empty")
	long := flag.Bool("full", false, "repeat for as long as it takes")
	out := flag.String("out", "chaos-results.json", "file to write; a run of some lines only writes none unless this is given")
	doc := flag.String("doc", "", "document whose part between <!-- prices:begin --> and <!-- prices:end --> becomes the price list")
	flag.Parse()
	if *seed == 0 {
		*seed = 1 + rand.Uint64N(1_000_000_000)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	file := *out
	if *only != "" && !given("out") {
		file = ""
	}
	if err := run(ctx, *seed, *only, *long, file, *doc); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		stop()
		os.Exit(1)
	}
}

// given tells whether a flag was written.
func given(name string) bool {
	found := false
	flag.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

func run(ctx context.Context, seed uint64, only string, long bool, out, doc string) error {
	scenarios, err := choose(only)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "seed %d: make chaos CHAOSFLAGS='-seed %d' repeats this run's draws\n", seed, seed)
	report, err := measure(ctx, seed, scenarios, long, time.Now())
	if err != nil {
		return err
	}
	fmt.Print(report.table() + report.prices())
	if doc != "" {
		if err := report.writePrices(doc); err != nil {
			return err
		}
	}
	if out != "" {
		if err := report.write(out); err != nil {
			return err
		}
	}
	var failures []error
	for _, line := range report.Lines {
		for _, failure := range line.Failures() {
			failures = append(failures, fmt.Errorf("line %d: %s", line.Number, failure))
		}
	}
	return errors.Join(failures...)
}
