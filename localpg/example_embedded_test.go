package localpg_test

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort/localpg"
)

// A server for as long as this process needs one.
func ExampleStart() {
	ctx := context.Background()
	srv, err := localpg.Start(ctx, localpg.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Stop(ctx)

	conn, err := pgx.Connect(ctx, srv.URL("postgres"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close(ctx)
	var answer int
	err = conn.QueryRow(ctx, "SELECT 6 * 7").Scan(&answer)
	fmt.Println(answer, err)
	// Output: 42 <nil>
}

// What a missing PostgreSQL looks like to a program that can do without.
func ExampleFind() {
	_, err := localpg.Find("/opt/no-such-postgresql/bin")
	fmt.Println(err != nil)
	// Output: true
}
