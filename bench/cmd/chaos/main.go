// Command chaos runs the reliability scoreboard: what is lost, doubled, wrong or
// left over while servers, connections and clients die, counted for Retort, for
// bare pgxpool and for a control that must turn red. It prints one Markdown
// table, writes chaos-results.json and fails unless every line is good. Run it
// from the repository's root: make chaos.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"syscall"

	"github.com/retort-go/retort/bench/chaos"
	"github.com/retort-go/retort/bench/internal/testdb"
)

// options are the flags.
type options struct {
	seed  uint64
	only  string
	long  bool
	words string
	out   string
	doc   string
}

func main() {
	var o options
	flag.Uint64Var(&o.seed, "seed", 0, "repeat a run's draws; 0 draws a new seed")
	flag.StringVar(&o.only, "only", "", "lines to run by number or name, such as 1,idle_kills; all if empty")
	flag.BoolVar(&o.long, "full", false, "repeat for as long as it takes")
	flag.StringVar(&o.words, "words", "", "file with a JSON list of texts, which line 16 sends beside its own")
	flag.StringVar(&o.out, "out", "chaos-results.json", "file to write; a run of some lines only writes none unless this is given")
	flag.StringVar(&o.doc, "doc", "", "document whose part between <!-- prices:begin --> and <!-- prices:end --> becomes the price list")
	flag.Parse()
	if o.seed == 0 {
		o.seed = 1 + rand.Uint64N(1_000_000_000)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if o.only != "" && !given("out") {
		o.out = ""
	}
	if err := run(ctx, o); err != nil {
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

func run(ctx context.Context, o options) error {
	scenarios, err := choose(o.only)
	if err != nil {
		return err
	}
	words, err := readWords(o.words)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "seed %d: make chaos CHAOSFLAGS='-seed %d' repeats this run's draws\n", o.seed, o.seed)
	report, err := measure(ctx, &chaos.Env{Seed: o.seed, Words: words, Proxy: testdb.Proxy}, scenarios, o.long)
	if err != nil {
		return err
	}
	fmt.Print(report.table() + report.prices())
	if o.doc != "" {
		if err := report.writePrices(o.doc); err != nil {
			return err
		}
	}
	if o.out != "" {
		if err := report.write(o.out); err != nil {
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

// readWords reads a JSON list of texts; no file, no texts.
func readWords(file string) (words []string, err error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("-words: %w", err)
	}
	if err := json.Unmarshal(text, &words); err != nil {
		return nil, fmt.Errorf("-words: %s is no JSON list of texts: %w", file, err)
	}
	if len(words) == 0 {
		return nil, fmt.Errorf("-words: the list in %s is empty", file)
	}
	return words, nil
}
