package run

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/retort-go/retort/bench/internal/testdb"
	"github.com/retort-go/retort/bench/peers"
	"github.com/retort-go/retort/bench/peers/serve"
)

// Plan says how much is measured in a cell.
type Plan struct {
	Pool    int           // connections to the database
	Clients int           // connections over HTTP
	Warm    time.Duration // load before anything is measured
	Load    time.Duration // load that is measured
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

// stride parts the numbers of a cell's phases. It is a multiple of all formulas'
// periods, so that clients still do not meet.
const stride = 1000 * peers.Users

// Measure fills one cell.
func (s *Stand) Measure(ctx context.Context, p Peer, w peers.Workload, plan Plan) (cell Cell, err error) {
	url, drop, err := s.Copy(ctx)
	if err != nil {
		return cell, err
	}
	defer drop()
	if err := cell.near(ctx, p, w, plan, url); err != nil {
		return cell, fmt.Errorf("%s, %s: %w", w.Name, p.Name, err)
	}
	if plan.Far > 0 {
		if err := cell.far(ctx, p, w, plan, url); err != nil {
			return cell, fmt.Errorf("%s, %s: %w", w.Name, p.Name, err)
		}
	}
	return cell, nil
}

// near measures the entrant beside the database.
func (cell *Cell) near(ctx context.Context, p Peer, w peers.Workload, plan Plan, url string) (err error) {
	c, err := start(ctx, p, peers.Config{URL: url, Pool: plan.Pool})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	warm := load{c.address, w.Name, plan.Clients, stride, plan.Warm}
	if w.Heavy {
		warm.clients = 1
	}
	if _, err := warm.run(ctx); err != nil {
		return err
	}
	before, err := c.cpuTime(ctx)
	if err != nil {
		return err
	}
	done, err := (load{c.address, w.Name, plan.Clients, 2 * stride, plan.Load}).run(ctx)
	if err != nil {
		return err
	}
	after, err := c.cpuTime(ctx)
	if err != nil {
		return err
	}
	n := float64(done.requests)
	cell.Request = done.requests
	cell.RPS = n / done.took.Seconds()
	cell.P99MS = milliseconds(done.p99)
	cell.CPUUS = float64((after - before).Microseconds()) / n
	cell.Memory = c.peakMemory()
	if !p.Go || plan.Inside == 0 {
		return nil
	}
	f, err := c.order(serve.Order{Workload: w.Name, First: 3 * stride, Calls: 3, For: plan.Inside})
	cell.NS, cell.Allocs, cell.Bytes = f.NS, f.Allocs, f.Bytes
	return err
}

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
	cell.FarMS = milliseconds(done.median)
	return err
}

// Profile loads the entrant and returns a profile of its processor.
func (s *Stand) Profile(ctx context.Context, p Peer, w peers.Workload, plan Plan, seconds int) (profile []byte, err error) {
	url, drop, err := s.Copy(ctx)
	if err != nil {
		return nil, err
	}
	defer drop()
	c, err := start(ctx, p, peers.Config{URL: url, Pool: plan.Pool})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	loading := make(chan error, 1)
	go func() {
		_, err := (load{c.address, w.Name, plan.Clients, stride, time.Duration(seconds)*time.Second + plan.Warm}).run(ctx)
		loading <- err
	}()
	profile, err = c.ask(ctx, http.MethodGet, fmt.Sprintf("/profile?seconds=%d", seconds))
	return profile, errors.Join(err, <-loading)
}

// Agree compares the answers of all peers, as [peers.Agree].
func (s *Stand) Agree(ctx context.Context, list []Peer, workloads []peers.Workload) (err error) {
	var candidates []peers.Candidate
	for _, p := range list {
		url, drop, err := s.Copy(ctx)
		if err != nil {
			return err
		}
		defer drop()
		c, err := start(ctx, p, peers.Config{URL: url, Pool: 2})
		if err != nil {
			return err
		}
		defer func() { _ = c.stop() }() // its answers have told
		candidates = append(candidates, peers.Candidate{
			Name: p.Name,
			Ask: func(ctx context.Context, workload string, number int) ([]byte, error) {
				return c.ask(ctx, http.MethodPost, fmt.Sprintf("/w/%s/%d", workload, number))
			},
			Trace: func(ctx context.Context) (string, error) { return trace(ctx, url) },
		})
	}
	return peers.Agree(ctx, candidates, workloads)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
