package localpg_test

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort/localpg"
)

// A failover: the primary dies, its standby takes over, and the old one comes back
// as a server that refuses writes.
func ExampleServer_Promote() {
	ctx := context.Background()
	primary, err := localpg.Start(ctx, localpg.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer primary.Stop(ctx)
	standby, err := primary.Standby(ctx, localpg.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer standby.Stop(ctx)

	_ = primary.Kill()
	fmt.Println(standby.Promote(ctx), primary.Demote(ctx))
	for _, s := range []*localpg.Server{standby, primary} {
		conn, err := pgx.Connect(ctx, s.URL("postgres"))
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = conn.Exec(ctx, "CREATE TABLE orders (id int)")
		fmt.Println(err)
		_ = conn.Close(ctx)
	}
	// Output:
	// <nil> <nil>
	// <nil>
	// ERROR: cannot execute CREATE TABLE in a read-only transaction (SQLSTATE 25006)
}
