package proxy_test

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/retorttest/proxy"
)

// An address that leads nowhere for a while, and a network that cuts every message
// into single bytes.
func ExampleProxy_Redirect() {
	t := &exampleTB{}
	defer t.done()
	url := retorttest.NewDatabase(t, retorttest.Template{}).URL()
	p := proxy.Start(t, url)
	ctx := context.Background()
	answer := func() string {
		conn, err := pgx.Connect(ctx, p.URL())
		if err != nil {
			return "away"
		}
		defer conn.Close(ctx)
		var text string
		if err := conn.QueryRow(ctx, "SELECT 'there'").Scan(&text); err != nil {
			return err.Error()
		}
		return text
	}
	p.Redirect("postgres://127.0.0.1:1/nowhere")
	fmt.Println(answer(), p.Counts().Accepted > 0)
	p.Redirect(url)
	p.Slice(1)
	fmt.Println(answer(), p.Counts().Peak)
	// Output:
	// away true
	// there 1
}
