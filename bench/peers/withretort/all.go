package withretort

import (
	"context"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/bench/peers"
)

// OpenAll is [Open] with everything switched on that Config has for bad days, a row
// for each COMMIT included, by which a lost answer is made up for.
func OpenAll(_ context.Context, cfg peers.Config) (peers.Entrant, error) {
	outcomes := retort.NewOutcomes("commit_outcomes")
	return open(retort.Config{
		Base: retort.NewBase(users, orders, events, outcomes.Table), Outcomes: outcomes, URL: cfg.URL, PoolSize: cfg.Pool, PrePing: true, Recycle: 30 * time.Minute,
		HeldLimit: time.Minute, OutageTimeout: time.Second, RepeatLimit: 1000, Observer: nobody{},
		StatementTimeout: time.Minute, LockTimeout: time.Minute, IdleTransactionTimeout: time.Minute,
	}, retort.TxOptions{Repeatable: true})
}

// nobody looks at flights and does nothing.
type nobody struct{}

// FlightStart does nothing.
func (nobody) FlightStart(ctx context.Context, _ retort.FlightInfo) context.Context { return ctx }

// FlightEnd does nothing.
func (nobody) FlightEnd(context.Context, retort.FlightInfo) {}
