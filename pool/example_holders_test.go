package pool_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/retort-go/retort/pool"
)

type routeKey struct{}

// A pool whose borrowers have names says who holds what.
func ExampleConfig_who() {
	p, err := pool.New(pool.Config[*printer]{
		Open:  func(context.Context) (*printer, error) { return &printer{}, nil },
		Close: func(*printer) {},
		Size:  3, Timeout: 10 * time.Millisecond,
		Who: func(ctx context.Context) string {
			route, _ := ctx.Value(routeKey{}).(string)
			return route
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	defer func() { _ = p.Close(ctx) }()

	for _, route := range []string{"GET /reports", "POST /orders", "GET /reports"} {
		lease, err := p.Acquire(context.WithValue(ctx, routeKey{}, route))
		if err != nil {
			fmt.Println(err)
			return
		}
		defer lease.Release()
	}
	for _, h := range p.Stats().Holders {
		fmt.Println(h.Name, h.Count, h.Longest > 0)
	}
	_, err = p.Acquire(ctx)
	fmt.Println(strings.Contains(err.Error(), "held by GET /reports 2"))
	// Output:
	// GET /reports 2 true
	// POST /orders 1 true
	// true
}

// What is lent for too long is told with the stack of its borrower.
func ExampleConfig_heldLimit() {
	told := make(chan pool.Event, 1)
	p, err := pool.New(pool.Config[*printer]{
		Open:      func(context.Context) (*printer, error) { return &printer{}, nil },
		Close:     func(*printer) {},
		HeldLimit: 10 * time.Millisecond,
		OnEvent: func(e pool.Event) {
			if e.Kind == pool.EventHeld {
				told <- e
			}
		},
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
	e := <-told
	fmt.Println(e.Kind, strings.Contains(e.Stack, "ExampleConfig_heldLimit"))
	// Output: held too long true
}
