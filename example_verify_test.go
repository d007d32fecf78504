package retort_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
)

// A service looks at its database before it takes requests: here a migration has
// not run.
func ExampleEngine_Verify() {
	ctx := context.Background()
	server, err := localpg.Start(ctx, localpg.Config{})
	if err != nil {
		panic(err)
	}
	defer server.Stop(ctx)

	eng, err := retort.Open(retort.Config{Base: retort.NewBase(Counters), URL: server.URL("postgres")})
	if err != nil {
		panic(err)
	}
	defer eng.Close(ctx)

	_, err = retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int64, error) {
		return s.Exec(ctx, "CREATE TABLE counters (name varchar(20) PRIMARY KEY)")
	})
	if err != nil {
		panic(err)
	}
	var found *retort.VerifyError
	if errors.As(eng.Verify(ctx), &found) {
		for _, m := range found.Mismatches {
			fmt.Println(m.Table, m.Column, "-", m.Problem)
		}
	}
	// Output:
	// counters name - is character varying(20) in the database and text in the model
	// counters value - missing in the database
}
