package retort_test

import (
	"context"
	stdsql "database/sql"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
)

// Code that takes a pgx.Tx runs inside the session, sees what is pending and is
// committed with it.
func ExampleSession_Pgx() {
	eng, done := exampleEngine()
	defer done()
	rename := func(ctx context.Context, tx pgx.Tx) (int64, error) {
		tag, err := tx.Exec(ctx, "UPDATE counters SET name = 'page ' || name")
		return tag.RowsAffected(), err
	}
	n, err := retort.Run(context.Background(), eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int64, error) {
		s.Add(&Counter{Name: "visits"})
		tx, err := s.Pgx(ctx)
		if err != nil {
			return 0, err
		}
		return rename(ctx, tx)
	})
	fmt.Println(n, err)
	// Output: 1 <nil>
}

// What sqlc generates takes a DBTX.
func ExampleSession_DBTX() {
	eng, done := exampleEngine()
	defer done()
	count := func(ctx context.Context, db retort.DBTX) (n int, err error) {
		err = db.QueryRow(ctx, "SELECT count(*) FROM counters").Scan(&n)
		return n, err
	}
	n, err := retort.Run(context.Background(), eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
		s.Add(&Counter{Name: "visits"})
		return count(ctx, s.DBTX()) // counts the new one, too
	})
	fmt.Println(n, err)
	// Output: 1 <nil>
}

// Code for database/sql, such as GORM's, works in the session's transaction.
func ExampleSession_SQLDB() {
	eng, done := exampleEngine()
	defer done()
	n, err := retort.Run(context.Background(), eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (n int, err error) {
		s.Add(&Counter{Name: "visits"})
		err = s.SQLDB().QueryRowContext(ctx, "SELECT count(*) FROM counters").Scan(&n)
		return n, err
	})
	fmt.Println(n, err)
	// Output: 1 <nil>
}

// Code for database/sql shares the engine's pool.
func ExampleEngine_Connector() {
	eng, done := exampleEngine()
	defer done()
	db := stdsql.OpenDB(eng.Connector())
	defer db.Close()
	var n int
	err := db.QueryRowContext(context.Background(), "SELECT count(*) FROM books").Scan(&n)
	fmt.Println(n, err)
	// Output: 3 <nil>
}

// A session works in a transaction that other code has begun, and that code
// commits both.
func ExampleEngine_Join() {
	eng, done := exampleEngine()
	defer done()
	ctx := context.Background()
	owner := eng.Session() // stands for other code with a pgx.Tx
	defer owner.Close(ctx)
	tx, err := owner.Pgx(ctx)
	if err != nil {
		panic(err)
	}
	s, err := eng.Join(tx)
	if err != nil {
		panic(err)
	}
	s.Add(&Counter{Name: "visits"})
	fmt.Println(s.Commit(ctx), s.Close(ctx)) // written; the owner commits
	var n int
	err = tx.QueryRow(ctx, "SELECT count(*) FROM counters").Scan(&n)
	fmt.Println(n, err, owner.Commit(ctx))
	// Output:
	// <nil> <nil>
	// 1 <nil> <nil>
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
