package proxy_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/retorttest/proxy"
)

// A test that counts round trips, and then loses a COMMIT's reply.
func ExampleStart() {
	test := func(t *testing.T) {
		db := retorttest.NewDatabase(t, retorttest.Template{})
		p := proxy.Start(t, db.URL())
		conn, err := pgx.Connect(t.Context(), p.URL())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())

		if _, err := conn.Exec(t.Context(), "CREATE TABLE t ()"); err != nil {
			t.Error(err)
		}
		if n := p.RoundTrips(); n != 1 {
			t.Errorf("%d round trips, want 1: %q", n, p.Executions())
		}

		p.CutBefore(proxy.CommitReply)
		if _, err := conn.Exec(t.Context(), "BEGIN; INSERT INTO t DEFAULT VALUES; COMMIT"); err == nil {
			t.Error("the lost reply went unnoticed")
		}
		if n := db.QueryInt(t, "SELECT count(*) FROM t"); n != 1 {
			t.Errorf("%d rows, want the committed one", n)
		}
	}
	_ = test // go test calls it by its name
}
