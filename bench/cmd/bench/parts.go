package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Result is one part of the library beside another's: medians over the rounds.
//
//   - Units: ns is nanoseconds per operation; ratios are subject to baseline,
//     below 1 is faster.
type Result struct {
	Name           string  `json:"name"`
	Subject        string  `json:"subject"`
	Baseline       string  `json:"baseline"`
	NS             float64 `json:"ns"`
	BaselineNS     float64 `json:"baseline_ns"`
	Ratio          float64 `json:"ratio"`
	Allocs         float64 `json:"allocs"`
	BaselineAllocs float64 `json:"baseline_allocs"`
	Limit          string  `json:"limit,omitempty"`
	Kept           bool    `json:"kept"`
}

type sample struct{ ns, allocs float64 }

// samples holds the rounds of each benchmark, keyed by package and name.
type samples map[string][]sample

var line = regexp.MustCompile(`(?m)^(Benchmark\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op.*?([\d.]+) allocs/op`)

func (all samples) add(pkg, text string) error {
	found := line.FindAllStringSubmatch(text, -1)
	if len(found) == 0 {
		return fmt.Errorf("%s: go test printed no benchmark:\n%s", pkg, text)
	}
	for _, m := range found {
		ns, err1 := strconv.ParseFloat(m[2], 64)
		allocs, err2 := strconv.ParseFloat(m[3], 64)
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		key := pkg + " " + m[1]
		all[key] = append(all[key], sample{ns, allocs})
	}
	return nil
}

func (all samples) results() ([]Result, error) {
	var results []Result
	var missing []error
	for _, p := range pairs {
		subject, baseline := all[p.subject], all[p.baseline]
		if len(subject) == 0 || len(baseline) == 0 {
			missing = append(missing, fmt.Errorf("%s: %q or %q did not run", p.name, p.subject, p.baseline))
			continue
		}
		r := Result{Name: p.name, Subject: p.subject, Baseline: p.baseline, Kept: true}
		r.NS, r.Allocs = median(subject)
		r.BaselineNS, r.BaselineAllocs = median(baseline)
		r.Ratio = r.NS / r.BaselineNS
		r.judge(p)
		results = append(results, r)
	}
	return results, errors.Join(missing...)
}

func (r *Result) judge(p pair) {
	var limits []string
	if p.atMostRatio > 0 {
		limits = append(limits, fmt.Sprintf("≤ %.2f×", p.atMostRatio))
		r.Kept = r.Kept && r.Ratio <= p.atMostRatio
	}
	if p.atMostNS > 0 {
		limits = append(limits, fmt.Sprintf("≤ %.0f ns", p.atMostNS))
		r.Kept = r.Kept && r.NS <= p.atMostNS
	}
	if p.noAllocs {
		limits = append(limits, "0 allocs")
		r.Kept = r.Kept && r.Allocs == 0
	}
	r.Limit = strings.Join(limits, ", ")
}

// median takes each figure's own median.
func median(of []sample) (ns, allocs float64) {
	var all [2][]float64
	for _, s := range of {
		all[0], all[1] = append(all[0], s.ns), append(all[1], s.allocs)
	}
	slices.Sort(all[0])
	slices.Sort(all[1])
	return all[0][len(of)/2], all[1][len(of)/2]
}

// measureParts runs the benchmarks of the parts.
func measureParts(ctx context.Context, rounds int, benchtime string, say func(string, ...any)) ([]Result, error) {
	all := samples{}
	for round := range rounds {
		for _, s := range suites {
			say("parts, round %d of %d: %s %s", round+1, rounds, s.pkg, s.pattern)
			text, err := goTest(ctx, s, benchtime)
			for again := 0; err != nil && again < 2 && ctx.Err() == nil; again++ {
				// A benchmark that replays a server fails where pgx takes a starved
				// write for a slow one; a whole run is too dear for that.
				say("once more: %v", err)
				text, err = goTest(ctx, s, benchtime)
			}
			if err != nil {
				return nil, err
			}
			if err := all.add(s.pkg, text); err != nil {
				return nil, err
			}
		}
	}
	return all.results()
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

func partsTable(parts []Result) string {
	var b strings.Builder
	fmt.Fprintln(&b, "| part | ratio | allocs | ns | limit |\n|---|---|---|---|---|")
	for _, x := range parts {
		limit := x.Limit
		if limit != "" && !x.Kept {
			limit += " MISSED"
		}
		fmt.Fprintf(&b, "| %s | %.2f | %.0f to %.0f | %.0f to %.0f | %s |\n",
			x.Name, x.Ratio, x.Allocs, x.BaselineAllocs, x.NS, x.BaselineNS, limit)
	}
	return b.String()
}
