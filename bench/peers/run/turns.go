package run

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/retort-go/retort/bench/peers"
	"github.com/retort-go/retort/bench/peers/serve"
)

// entrant is a peer whose cell is filled: its process on its database.
type entrant struct {
	*child
	peer   Peer
	url    string
	drop   func()
	done   loaded
	cpu    time.Duration
	inside serve.Figures // sums over the slices
}

// Measure fills a cell for each peer. All their processes run, but only one has
// something to do: they take their load in turns, slice by slice, so that what
// disturbs the machine disturbs all of them. The list is not changed.
func (s *Stand) Measure(ctx context.Context, list []Peer, w peers.Workload, plan Plan) (cells []Cell, err error) {
	if plan.Slices = max(plan.Slices, 1); plan.Slices > maxSlices {
		return nil, fmt.Errorf("run: %d slices; %d are the most", plan.Slices, maxSlices)
	}
	var all []*entrant
	defer func() {
		for _, e := range all {
			err = errors.Join(err, e.stop())
			e.drop()
		}
	}()
	for _, p := range list {
		e, err := s.enter(ctx, p, w, plan)
		if err != nil {
			return nil, fmt.Errorf("%s, %s: %w", w.Name, p.Name, err)
		}
		all = append(all, e)
	}
	if err := takeTurns(ctx, all, w, plan); err != nil {
		return nil, err
	}
	for _, e := range all {
		cell := e.cell()
		if plan.Far > 0 {
			if err := cell.far(ctx, e.peer, w, plan, e.url); err != nil {
				return nil, fmt.Errorf("%s, %s: %w", w.Name, e.name, err)
			}
		}
		cells = append(cells, cell)
	}
	return cells, nil
}

// enter starts and warms a peer on a copy of the database.
func (s *Stand) enter(ctx context.Context, p Peer, w peers.Workload, plan Plan) (e *entrant, err error) {
	e = &entrant{peer: p}
	if e.url, e.drop, err = s.Copy(ctx); err != nil {
		return nil, err
	}
	if e.child, err = start(ctx, p, peers.Config{URL: e.url, Pool: plan.Pool}); err != nil {
		e.drop()
		return nil, err
	}
	warm := load{e.address, w.Name, plan.Clients, stride, plan.Warm}
	if w.Heavy {
		warm.clients = 1
	}
	if _, err := warm.run(ctx); err != nil {
		err = errors.Join(err, e.stop())
		e.drop()
		return nil, err
	}
	return e, nil
}

// takeTurns has each entrant loaded for a slice, in another order each time, and
// then its calls made inside its process in the same way.
func takeTurns(ctx context.Context, all []*entrant, w peers.Workload, plan Plan) error {
	for _, phase := range []func(*entrant, context.Context, peers.Workload, Plan, int) error{(*entrant).loadSlice, (*entrant).insideSlice} {
		for slice := range plan.Slices {
			for i := range all {
				e := all[(i+slice)%len(all)]
				if err := phase(e, ctx, w, plan, slice); err != nil {
					return fmt.Errorf("%s, %s: %w", w.Name, e.name, err)
				}
			}
		}
	}
	return nil
}

func (e *entrant) loadSlice(ctx context.Context, w peers.Workload, plan Plan, slice int) error {
	before, err := e.cpuTime(ctx)
	if err != nil {
		return err
	}
	done, err := load{e.address, w.Name, plan.Clients, 2*stride + slice*sliceStride, plan.Load / time.Duration(plan.Slices)}.run(ctx)
	if err != nil {
		return err
	}
	after, err := e.cpuTime(ctx)
	e.done.add(done)
	e.cpu += after - before
	return err
}

func (e *entrant) insideSlice(ctx context.Context, w peers.Workload, plan Plan, slice int) error {
	if !e.peer.Go || plan.Inside == 0 {
		return nil
	}
	f, err := e.order(serve.Order{
		Workload: w.Name, First: 3*stride + slice*sliceStride, Calls: 3, For: plan.Inside / time.Duration(plan.Slices),
	})
	e.inside.Calls += f.Calls
	e.inside.NS += f.NS * float64(f.Calls)
	e.inside.Allocs += f.Allocs * float64(f.Calls)
	e.inside.Bytes += f.Bytes * float64(f.Calls)
	return err
}

// cell is what came of the turns.
func (e *entrant) cell() Cell {
	n, calls := float64(len(e.done.times)), float64(max(e.inside.Calls, 1))
	return Cell{
		RPS: n / e.done.took.Seconds(), P99MS: milliseconds(e.done.within(0.99)), CPUUS: float64(e.cpu.Microseconds()) / n,
		Memory: e.peakMemory(), NS: e.inside.NS / calls, Allocs: e.inside.Allocs / calls, Bytes: e.inside.Bytes / calls,
		Request: len(e.done.times),
	}
}
