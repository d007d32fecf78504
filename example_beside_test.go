package retort_test

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
)

// Code that takes a pgx.Tx runs inside the session, sees what is pending and is
// committed with it.
func ExampleSession_Pgx() {
	ctx := context.Background()
	audit := func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, "INSERT INTO audit SELECT 'counter ' || name FROM counters")
		return err
	}
	work := func(ctx context.Context, s *retort.Session) (bool, error) {
		s.Add(&Counter{Name: "visits"})
		tx, err := s.Pgx(ctx)
		if err != nil {
			return false, err
		}
		return true, audit(ctx, tx)
	}
	_, _ = ctx, work // retort.Run(ctx, eng, retort.TxOptions{}, work)
}

// What sqlc generates takes a DBTX.
func ExampleSession_DBTX() {
	count := func(ctx context.Context, db retort.DBTX) (n int, err error) {
		err = db.QueryRow(ctx, "SELECT count(*) FROM counters").Scan(&n)
		return n, err
	}
	work := func(ctx context.Context, s *retort.Session) (int, error) {
		s.Add(&Counter{Name: "visits"})
		return count(ctx, s.DBTX()) // counts the new one, too
	}
	_ = work
}

// Settings of a pool make no sense beside a lender.
func ExampleLendFrom() {
	acquire := func(context.Context) (*stackLoan, error) { return nil, fmt.Errorf("as (*pgxpool.Pool).Acquire") }
	eng, err := retort.Open(retort.Config{Lender: retort.LendFrom(acquire)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer eng.Close(context.Background())
	fmt.Println(eng)
	// Output: retort.Engine(on lent connections)
}
