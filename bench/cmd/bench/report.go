package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Report is what bench/results.json holds.
//
//   - Units: ns is nanoseconds per operation; ratios are subject to baseline,
//     below 1 is faster.
type Report struct {
	Go      string   `json:"go"`
	CPUs    int      `json:"cpus"`
	Rounds  int      `json:"rounds"`
	Results []Result `json:"results"`
}

// Result is one line: medians over the rounds.
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

func (r Report) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %d CPUs, medians of %d rounds; below 1 is faster\n\n", r.Go, r.CPUs, r.Rounds)
	fmt.Fprintln(&b, "| what | ratio | allocs | ns | limit |\n|---|---|---|---|---|")
	for _, x := range r.Results {
		limit := x.Limit
		if limit != "" && !x.Kept {
			limit += " MISSED"
		}
		fmt.Fprintf(&b, "| %s | %.2f | %.0f to %.0f | %.0f to %.0f | %s |\n",
			x.Name, x.Ratio, x.Allocs, x.BaselineAllocs, x.NS, x.BaselineNS, limit)
	}
	return b.String()
}
