package pool_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/retort-go/retort/pool"
)

// printer stands for anything that is dear to open.
type printer struct{ name string }

func Example_lend() {
	p, err := pool.New(pool.Config[*printer]{
		Open:  func(context.Context) (*printer, error) { return &printer{"first floor"}, nil },
		Close: func(*printer) {},
		Size:  2, Overflow: 1,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	defer func() { _ = p.Close(ctx) }()

	lease, err := p.Acquire(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer lease.Release()
	fmt.Println(lease.Resource().name, lease.Fresh())
	fmt.Println(p.Stats())
	// Output:
	// first floor true
	// Pool size: 2  Connections in pool: 0 Current Overflow: 0 Current Checked out connections: 1 Waiting: 0
}

// A caller that gets nothing in time learns what is used up.
func ExampleTimeoutError() {
	p, err := pool.New(pool.Config[*printer]{
		Open:    func(context.Context) (*printer, error) { return &printer{}, nil },
		Close:   func(*printer) {},
		Size:    1,
		Timeout: 20 * time.Millisecond,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	lease, _ := p.Acquire(ctx)
	_, err = p.Acquire(ctx)
	if timeout, ok := errors.AsType[*pool.TimeoutError](err); ok {
		fmt.Println(timeout.InUse, "in use")
	}
	fmt.Println(err)
	lease.Release()
	_ = p.Close(ctx)
	// Output:
	// 1 in use
	// pool: QueuePool limit of size 1 overflow 0 reached, connection timed out, timeout 0.02 (in use 1, idle 0, opening 0, waiting 1); see docs/errors.md#pool-timeout
}

// A borrower that finds its connection dead says so, and nobody else gets it.
func ExampleLease_Discard() {
	p, err := pool.New(pool.Config[*printer]{
		Open:  func(context.Context) (*printer, error) { return &printer{}, nil },
		Close: func(p *printer) {},
		OnEvent: func(e pool.Event) {
			if e.Kind == pool.EventClosed {
				fmt.Println(e.Kind, e.Reason, e.Err)
			}
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	lease, _ := p.Acquire(ctx)
	fmt.Println(lease.Discard(errors.New("out of paper")))
	fmt.Println(lease.Release()) // too late, and harmless
	_ = p.Close(ctx)
	// Unordered output:
	// true
	// false
	// closed discarded out of paper
}

// After a change that concerns every connection, such as new credentials, all of
// them are replaced: idle ones now, borrowed ones when they come back.
func ExamplePool_Invalidate() {
	opened := 0
	p, err := pool.New(pool.Config[*printer]{
		Open:  func(context.Context) (*printer, error) { opened++; return &printer{}, nil },
		Close: func(*printer) {},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	for range 3 {
		lease, _ := p.Acquire(ctx)
		lease.Release()
	}
	fmt.Println("opened", opened)
	p.Invalidate(errors.New("credentials rotated"))
	lease, _ := p.Acquire(ctx)
	lease.Release()
	fmt.Println("opened", opened)
	_ = p.Close(ctx)
	// Output:
	// opened 1
	// opened 2
}
