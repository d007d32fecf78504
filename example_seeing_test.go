package retort_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/retort-go/retort"
)

// slow prints flights that take long. What else it could be told, its methods
// would say: see SessionObserver and ConnectionObserver.
type slow struct{ limit time.Duration }

func (slow) FlightStart(ctx context.Context, _ retort.FlightInfo) context.Context { return ctx }

func (o slow) FlightEnd(ctx context.Context, f retort.FlightInfo) {
	if f.Duration > o.limit {
		fmt.Println(retort.LabelsOf(ctx).Route, f.Statements, f.Duration)
	}
}

func ExampleObservers() {
	var quiet retort.Observer // not wanted here
	eng, err := retort.Open(retort.Config{
		URL:      "postgres://127.0.0.1/shop",
		Observer: retort.Observers(slow{limit: time.Second}, quiet),
	})
	fmt.Println(eng, err)
	// Output: retort.Engine(127.0.0.1:5432/shop) <nil>
}

// An application's own lines carry the same labels as Retort's.
func ExampleEngine_LogHandler() {
	eng, err := retort.Open(retort.Config{URL: "postgres://127.0.0.1/shop"})
	if err != nil {
		panic(err)
	}
	log := slog.New(eng.LogHandler(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{} // the same output every time
			}
			return a
		},
	})))
	ctx := retort.WithLabels(context.Background(), retort.Labels{Route: "nightly", RequestID: "5b1c"})
	log.InfoContext(ctx, "started")
	// Output: level=INFO msg=started route=nightly request_id=5b1c
}

// A job that reports what it cost.
func ExampleEngine_WithTally() {
	eng, err := retort.Open(retort.Config{URL: "postgres://127.0.0.1/shop"})
	if err != nil {
		panic(err)
	}
	ctx, tally := eng.WithTally(context.Background())
	s := eng.Session() // … do the work with ctx …
	if err := s.Close(ctx); err != nil {
		panic(err)
	}
	fmt.Printf("%d round trips in %s, %s of waiting for a connection\n", tally.Trips(), tally.Time(), tally.Wait())
	// Output: 0 round trips in 0s, 0s of waiting for a connection
}
