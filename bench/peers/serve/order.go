package serve

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/retort-go/retort/bench/peers"
)

// Order asks for calls of a workload inside the process, without HTTP and one
// after the other.
type Order struct {
	Workload string        `json:"workload"`
	First    int           `json:"first"`    // number of the first call
	Calls    int           `json:"calls"`    // at least that many
	For      time.Duration `json:"duration"` // and at least that long
}

// Figures are what calls cost, each, without the making of their inputs.
type Figures struct {
	Calls  int     `json:"calls"`
	NS     float64 `json:"ns"`
	Allocs float64 `json:"allocs"`
	Bytes  float64 `json:"bytes"`
}

func (o Order) run(ctx context.Context, e peers.Entrant, workloads []peers.Workload) (Figures, error) {
	for _, w := range workloads {
		if w.Name == o.Workload {
			return o.measure(ctx, e, w)
		}
	}
	return Figures{}, fmt.Errorf("serve: there is no workload %q", o.Workload)
}

// measure gives what calls cost, without the making of their inputs.
func (o Order) measure(ctx context.Context, e peers.Entrant, w peers.Workload) (Figures, error) {
	all, err := o.cost(ctx, e, w)
	if err != nil {
		return Figures{}, err
	}
	bare := Order{First: o.First, Calls: all.Calls}
	inputs, err := bare.cost(ctx, nothing{}, w)
	if err != nil {
		return Figures{}, err
	}
	all.NS -= inputs.NS
	all.Allocs -= inputs.Allocs
	all.Bytes -= inputs.Bytes
	return all, nil
}

// cost is what calls cost, inputs included.
func (o Order) cost(ctx context.Context, e peers.Entrant, w peers.Workload) (Figures, error) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	started, calls := time.Now(), 0
	for ; calls < o.Calls || time.Since(started) < o.For; calls++ {
		if _, err := w.Do(ctx, e, o.First+calls); err != nil {
			return Figures{}, fmt.Errorf("%s: %w", w.Name, err)
		}
	}
	took := time.Since(started)
	runtime.ReadMemStats(&after)
	each := func(n uint64) float64 { return float64(n) / float64(max(calls, 1)) }
	return Figures{
		Calls: calls, NS: each(uint64(took)),
		Allocs: each(after.Mallocs - before.Mallocs), Bytes: each(after.TotalAlloc - before.TotalAlloc),
	}, nil
}
