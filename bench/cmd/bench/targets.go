package main

import (
	"github.com/retort-go/retort/bench/peers"
	"github.com/retort-go/retort/bench/peers/run"
)

// Target is one line of what Retort promises, as a ratio of its own figure to
// another entrant's, or as a plain number.
type Target struct {
	Workload string  `json:"workload"`
	Figure   string  `json:"figure"`
	To       string  `json:"to,omitempty"` // the other entrant
	Least    float64 `json:"least,omitempty"`
	Most     float64 `json:"most,omitempty"`
	Result   float64 `json:"result"`
	Tuned    float64 `json:"pgx_tuned,omitempty"` // what pgx-tuned has there: more is hardly possible
	Kept     bool    `json:"kept"`
}

// byWorkload has a value for each workload; what is not named has the one of "".
type byWorkload map[string]float64

func (m byWorkload) of(workload string) float64 {
	if v, ok := m[workload]; ok {
		return v
	}
	return m[""]
}

// judge holds a subject, Retort or that with all protections on, to the targets. W8
// counts for both its forms.
func judge(all cells, subject string, workloads []peers.Workload) []Target {
	throughput := byWorkload{"": 0.97, "W2": 1.05, "W6": 1.1}
	processor := byWorkload{"": 1.05, "W2": 0.9, "W6": 0.8}
	libraries := byWorkload{"": 1.3, "W5": 1.85, "W6": 1.85, "W7": 1.85, "W8": 3, "W8s": 3}
	origin := byWorkload{"": 7, "W7": 4.5}

	var list []Target
	add := func(t Target) {
		if t.Result == 0 {
			return // not measured
		}
		t.Kept = (t.Least == 0 || t.Result >= t.Least) && (t.Most == 0 || t.Result <= t.Most)
		list = append(list, t)
	}
	for _, w := range workloads {
		to := func(entrant, figure string, get func(run.Cell) float64, least, most float64) {
			t := Target{Workload: w.Name, Figure: figure, To: entrant, Least: least, Most: most, Result: all.ratio(w.Name, subject, entrant, get)}
			if entrant != run.PgxTuned {
				t.Tuned = all.ratio(w.Name, run.PgxTuned, entrant, get)
			}
			add(t)
		}
		to(run.PgxTuned, "throughput", rps, throughput.of(w.Name), 0)
		to(run.PgxTuned, "processor", cpu, 0, processor.of(w.Name))
		to(run.PgxTuned, "memory", memory, 0, 1.5)
		for _, library := range []string{run.Gorm, run.Bun, run.Ent} {
			to(library, "throughput", rps, libraries.of(w.Name), 0)
		}
		to(run.Origin, "throughput", rps, origin.of(w.Name), 0)
		to(run.PgxUsual, "allocations", allocs, 0, 0.5)
		add(Target{
			Workload: w.Name, Figure: "round trips", Most: float64(w.Trips),
			Result: all.medianOf(w.Name, subject, trips), Tuned: all.medianOf(w.Name, run.PgxTuned, trips),
		})
	}
	return list
}
