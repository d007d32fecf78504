package localpg_test

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort/localpg"
)

// A crash and the way back, as a test of a bad night has it.
func ExampleServer_Kill() {
	ctx := context.Background()
	srv, err := localpg.Start(ctx, localpg.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Stop(ctx)
	before := srv.PID()

	fmt.Println(srv.Kill()) // as kill -9
	fmt.Println(srv.Restart(ctx))
	conn, err := pgx.Connect(ctx, srv.SocketURL("postgres"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close(ctx)
	fmt.Println(srv.PID() != before, srv.Major() >= 14, srv.Port() > 0)
	fmt.Println(filepath.IsAbs(srv.DataDir()), filepath.Base(srv.Binaries().Path("pg_dump")), srv.LogFile() != "")
	// Output:
	// <nil>
	// <nil>
	// true true true
	// true pg_dump true
}
