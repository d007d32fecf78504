package retort_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/retorttest/proxy"
)

var (
	outcomes = retort.NewOutcomes("commit_outcomes")
	till     = retort.NewBase(Payments, Receipts, outcomes.Table)
)

// A connection that breaks around COMMIT, and what becomes of it.
func ExampleNewOutcomes() {
	tb := &exampleTB{}
	defer tb.done()
	network := retorttest.New(tb, till).Proxy
	ctx, url := context.Background(), network.URL()

	eng, err := retort.Open(retort.Config{URL: url, Base: till, Outcomes: outcomes})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer eng.Close(ctx)

	pay := func(_ context.Context, s *retort.Session, amount *int64) (*Payment, error) {
		p := &Payment{Amount: *amount}
		s.Add(p)
		return p, nil
	}
	amount := int64(5)

	network.CutBefore(proxy.CommitReply) // it is stored, and the answer is lost
	p, err := retort.InSession(eng, retort.TxOptions{}, pay)(ctx, &amount)
	fmt.Println(err, p.Amount, p.CreatedAt.IsZero())

	network.CutBefore(proxy.Commits) // COMMIT is lost
	_, err = retort.InSession(eng, retort.TxOptions{}, pay)(ctx, &amount)
	var lost *retort.NotCommittedError
	fmt.Println(errors.As(err, &lost))

	network.CutBefore(proxy.Commits) // again, and the function is repeatable
	_, err = retort.InSession(eng, retort.TxOptions{Repeatable: true}, pay)(ctx, &amount)
	fmt.Println(err)

	n, err := outcomes.Sweep(ctx, eng, 24*time.Hour)
	fmt.Println(n, err)
	// Output:
	// <nil> 5 false
	// true
	// <nil>
	// 0 <nil>
}

// Rows that are kept for a while.
func ExampleSweep() {
	eng, done := exampleEngine()
	defer done()
	n, err := retort.Sweep(context.Background(), eng, Authors, &Authors.C.CreatedAt, 30*24*time.Hour)
	fmt.Println(n, err)
	// Output: 0 <nil>
}
