package run

import (
	"context"
	"errors"
	"time"

	"github.com/retort-go/retort/bench/internal/testdb"
	"github.com/retort-go/retort/bench/peers"
)

// Plan says how much is measured in a cell.
type Plan struct {
	Pool    int           // connections to the database
	Clients int           // connections over HTTP
	Warm    time.Duration // load before anything is measured
	Load    time.Duration // load that is measured
	Slices  int           // parts of Load, up to maxSlices, that the entrants take in turns; 0 is 1
	Inside  time.Duration // calls inside the process; 0 measures none
	Far     time.Duration // requests over a network of 1 ms; 0 measures none
}

// Cell is what one entrant did in one workload in one round. What was not
// measured is 0.
type Cell struct {
	RPS     float64 // requests per second
	P99MS   float64 // milliseconds within which 99 of 100 were answered
	CPUUS   float64 // processor time of the service, microseconds per request
	Memory  float64 // bytes resident at most, under load
	NS      float64 // per call inside the process
	Allocs  float64 // per call inside the process
	Bytes   float64 // allocated, per call inside the process
	FarMS   float64 // milliseconds per request where a round trip takes 1 ms more
	Trips   float64 // round trips per request
	Request int     // how many requests the throughput is made of
}

// stride parts the numbers of a cell's phases, sliceStride those of its slices.
// Both are multiples of all formulas' periods, so that clients still do not meet.
const (
	stride      = 1000 * peers.Users
	maxSlices   = 10
	sliceStride = stride / maxSlices
)

// far measures the entrant a millisecond away from the database, and counts its
// round trips, one request after the other.
func (cell *Cell) far(ctx context.Context, p Peer, w peers.Workload, plan Plan, url string) (err error) {
	between, err := testdb.Proxy(url)
	if err != nil {
		return err
	}
	defer between.Close()
	c, err := start(ctx, p, peers.Config{URL: between.URL(), Pool: 1})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	if _, err := (load{c.address, w.Name, 1, 4 * stride, 0}).run(ctx); err != nil { // prepares
		return err
	}
	if _, err := (load{c.address, w.Name, 1, 5 * stride, 0}).run(ctx); err != nil { // some prepare later
		return err
	}
	between.Reset()
	if _, err := (load{c.address, w.Name, 1, 6 * stride, 0}).run(ctx); err != nil {
		return err
	}
	cell.Trips = float64(between.RoundTrips())
	between.Delay(time.Millisecond / 2) // in each direction
	done, err := (load{c.address, w.Name, 1, 7 * stride, plan.Far}).run(ctx)
	cell.FarMS = milliseconds(done.within(0.5))
	return err
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
