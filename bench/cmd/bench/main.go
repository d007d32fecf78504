// Command bench runs the project's benchmarks beside pgx, prints medians as
// ratios and writes them to bench/results.json. Run it from the repository's
// root: make bench.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
)

func main() {
	rounds := flag.Int("rounds", 3, "interleaved rounds; medians are printed. Range 1 and more")
	benchtime := flag.String("benchtime", "300ms", "time for each benchmark and round, as for go test")
	out := flag.String("out", "bench/results.json", "file to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *rounds, *benchtime, *out); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, rounds int, benchtime, out string) error {
	if rounds < 1 {
		return fmt.Errorf("-rounds %d: give 1 or more", rounds)
	}
	all := samples{}
	for round := range rounds {
		for _, s := range suites {
			fmt.Fprintf(os.Stderr, "round %d of %d: %s %s\n", round+1, rounds, s.pkg, s.pattern)
			text, err := goTest(ctx, s, benchtime)
			if err != nil {
				return err
			}
			if err := all.add(s.pkg, text); err != nil {
				return err
			}
		}
	}
	results, err := all.results()
	if err != nil {
		return err
	}
	report := Report{
		Go: runtime.Version(), CPUs: runtime.NumCPU(), Rounds: rounds, Results: results,
	}
	fmt.Print(report.table())
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(text, '\n'), 0o644)
}

func goTest(ctx context.Context, s suite, benchtime string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", s.pattern, "-benchmem", "-benchtime", benchtime, s.pkg)
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, text)
	}
	return string(text), nil
}
