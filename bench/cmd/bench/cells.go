package main

import (
	"slices"

	"github.com/retort-go/retort/bench/peers/run"
)

// Figures are the medians of one entrant in one workload. What was not measured
// is left out.
type Figures struct {
	RPS    float64 `json:"rps"`                   // requests per second at 32 connections
	P99MS  float64 `json:"p99_ms"`                // of these requests
	CPUUS  float64 `json:"cpu_us"`                // the service's processor time per request, microseconds
	Memory float64 `json:"memory_bytes"`          // resident at most
	NS     float64 `json:"ns,omitempty"`          // per call, inside the process
	Allocs float64 `json:"allocs,omitempty"`      // per call, inside the process
	Bytes  float64 `json:"alloc_bytes,omitempty"` // per call, inside the process
	FarMS  float64 `json:"far_ms,omitempty"`      // per request, a millisecond away from the database
	Trips  float64 `json:"round_trips,omitempty"`
}

type cellKey struct {
	workload, entrant string
}

// cells holds what was measured, by round. A round that a cell was left out of
// has a zero.
type cells map[cellKey][]run.Cell

func (all cells) add(round int, workload, entrant string, c run.Cell) {
	key := cellKey{workload, entrant}
	for len(all[key]) < round {
		all[key] = append(all[key], run.Cell{})
	}
	all[key] = append(all[key], c)
}

// medianOf takes a figure's median over the rounds in which it was measured.
func (all cells) medianOf(workload, entrant string, figure func(run.Cell) float64) float64 {
	var values []float64
	for _, c := range all[cellKey{workload, entrant}] {
		if v := figure(c); v > 0 {
			values = append(values, v)
		}
	}
	return middle(values)
}

// ratio is the median of the rounds' own ratios: what disturbs a round disturbs
// both sides of it.
func (all cells) ratio(workload, a, b string, figure func(run.Cell) float64) float64 {
	as, bs := all[cellKey{workload, a}], all[cellKey{workload, b}]
	var values []float64
	for round := range min(len(as), len(bs)) {
		if x, y := figure(as[round]), figure(bs[round]); x > 0 && y > 0 {
			values = append(values, x/y)
		}
	}
	return middle(values)
}

// middle is the median, 0 of nothing.
func middle(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// figures are the medians by workload and entrant.
func (all cells) figures() map[string]map[string]Figures {
	out := map[string]map[string]Figures{}
	for key := range all {
		m := func(figure func(run.Cell) float64) float64 { return all.medianOf(key.workload, key.entrant, figure) }
		if out[key.workload] == nil {
			out[key.workload] = map[string]Figures{}
		}
		out[key.workload][key.entrant] = Figures{
			RPS: m(rps), P99MS: m(p99), CPUUS: m(cpu), Memory: m(memory), NS: m(ns), Allocs: m(allocs),
			Bytes: m(func(c run.Cell) float64 { return c.Bytes }), FarMS: m(far), Trips: m(trips),
		}
	}
	return out
}

func rps(c run.Cell) float64    { return c.RPS }
func p99(c run.Cell) float64    { return c.P99MS }
func cpu(c run.Cell) float64    { return c.CPUUS }
func memory(c run.Cell) float64 { return c.Memory }
func ns(c run.Cell) float64     { return c.NS }
func allocs(c run.Cell) float64 { return c.Allocs }
func far(c run.Cell) float64    { return c.FarMS }
func trips(c run.Cell) float64  { return c.Trips }
