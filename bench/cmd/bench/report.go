package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/retort-go/retort/bench/peers"
	"github.com/retort-go/retort/bench/peers/run"
)

// Report is what bench/results.json holds.
//
//   - Shape: Workloads by workload and entrant; Entrants says what each is, or why
//     it was not run.
type Report struct {
	Go         string                        `json:"go"`
	PostgreSQL string                        `json:"postgresql"`
	CPUs       int                           `json:"cpus"`
	Rounds     int                           `json:"rounds"`
	Full       bool                          `json:"full"`
	Entrants   map[string]string             `json:"entrants"`
	Workloads  map[string]map[string]Figures `json:"workloads"`
	Targets    []Target                      `json:"targets"`
	Protected  []Target                      `json:"targets_with_everything,omitempty"` // of the entrant retort-all
	Parts      []Result                      `json:"parts,omitempty"`
}

func (r Report) write(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// fillDocument puts text between the marks of a document.
func fillDocument(file, text string) error {
	const begin, end = "<!-- run:begin -->\n", "<!-- run:end -->"
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok1 := strings.Cut(string(old), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		return fmt.Errorf("%s has no %s and %s", file, strings.TrimSpace(begin), end)
	}
	return os.WriteFile(file, []byte(before+begin+"\n"+strings.TrimSpace(text)+"\n\n"+end+after), 0o644)
}

// text is the report as Markdown.
func (r Report) text(list []run.Peer, workloads []peers.Workload) string {
	var b strings.Builder
	kind := "a quick run"
	if r.Full {
		kind = "a full run"
	} else {
		kind += fmt.Sprintf(" (W7 once and at %d connections)", quickHeavyClients)
	}
	fmt.Fprintf(&b, "%s, PostgreSQL %s, %d CPUs for everything, %s: medians of %d interleaved rounds\n\n", r.Go, r.PostgreSQL, r.CPUs, kind, r.Rounds)
	for _, name := range append([]string{run.All}, append(run.GoPeers(), run.Origin)...) {
		if note := r.Entrants[name]; note != "" {
			fmt.Fprintf(&b, "- %s: %s\n", name, note)
		}
	}
	b.WriteString("\n" + r.figures(list, workloads))
	b.WriteString("\n" + targetsTable(r.Targets))
	if len(r.Protected) > 0 {
		b.WriteString("\nWith all protections on:\n\n" + targetsTable(r.Protected))
	}
	if len(r.Parts) > 0 {
		b.WriteString("\nParts; below 1 is faster:\n\n" + partsTable(r.Parts))
	}
	return b.String()
}

// figures is the one table: a line for each workload and entrant.
func (r Report) figures(list []run.Peer, workloads []peers.Workload) string {
	var b strings.Builder
	b.WriteString("| workload | entrant | requests/s | to pgx-tuned | p99 ms | service CPU µs | round trips | ms at 1 ms | inside µs | allocs | memory MiB |\n" +
		"|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, w := range workloads {
		what := "**" + w.Name + "** " + w.Title
		for _, p := range list {
			f, ok := r.Workloads[w.Name][p.Name]
			if !ok {
				continue
			}
			ratio := 0.0
			if base := r.Workloads[w.Name][run.PgxTuned].RPS; base > 0 {
				ratio = f.RPS / base
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", what, p.Name,
				number(f.RPS), number(ratio), number(f.P99MS), number(f.CPUUS), number(f.Trips), number(f.FarMS),
				number(f.NS/1000), number(f.Allocs), number(f.Memory/(1<<20)))
			what = ""
		}
	}
	return b.String()
}

// number is short: three digits that count, nothing for what was not measured.
func number(v float64) string {
	switch {
	case v == 0:
		return ""
	case v >= 100 || v == float64(int(v)):
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

func targetsTable(targets []Target) string {
	var b strings.Builder
	missed := 0
	for _, t := range targets {
		if !t.Kept {
			missed++
		}
	}
	fmt.Fprintf(&b, "%d of %d targets kept.\n\n| workload | figure | beside | target | result | pgx-tuned's own | |\n|---|---|---|--:|--:|--:|---|\n", len(targets)-missed, len(targets))
	for _, t := range targets {
		limit := "≥ " + number(t.Least)
		if t.Most > 0 {
			limit = "≤ " + number(t.Most)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", t.Workload, t.Figure, t.To, limit, number(t.Result), number(t.Tuned), verdict(t))
	}
	return b.String()
}

func verdict(t Target) string {
	switch {
	case t.Kept:
		return "kept"
	case t.profiled():
		return "**missed**: see its profile"
	default:
		return "**missed**"
	}
}
