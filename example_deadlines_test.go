package retort_test

import (
	"context"
	"fmt"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/pgerr"
)

// The server is told how long a unit of work may last, and bounds all others.
func ExampleConfig_deadlines() {
	ctx := context.Background()
	server, err := localpg.Start(ctx, localpg.Config{})
	if err != nil {
		panic(err)
	}
	defer server.Stop(ctx)

	eng, err := retort.Open(retort.Config{
		URL:         server.URL("postgres"),
		LockTimeout: 5 * time.Second,
	})
	if err != nil {
		panic(err)
	}
	defer eng.Close(ctx)

	hurried, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	told, err := retort.Run(hurried, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (bool, error) {
		return retort.SQL[bool](`SELECT current_setting('statement_timeout')::interval BETWEEN '50 s' AND '61 s'
			AND current_setting('lock_timeout') = '5s'`).One(ctx, s)
	})
	fmt.Println(told, err)

	_, err = retort.Run(ctx, eng, retort.TxOptions{StatementTimeout: 10 * time.Millisecond}, func(ctx context.Context, s *retort.Session) (int64, error) {
		return s.Exec(ctx, "SELECT pg_sleep(60)")
	})
	fmt.Println(pgerr.KindOf(err))
	// Output:
	// true <nil>
	// query_canceled
}
