package web_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/retort-go/retort/web"
)

// A service lives until SIGTERM, finishes what is in flight, and closes the
// engine.
func ExampleServe() {
	eng, done := exampleEngine()
	defer done()

	ctx, stop := web.Signals(context.Background())
	defer stop()

	mux := http.NewServeMux()
	mux.Handle("GET /healthz", web.Healthz())
	mux.Handle("GET /readyz", web.Readyz(eng))

	err := web.Serve(ctx, web.ServerConfig{
		Handler: mux,
		Engine:  eng,
		Addr:    "127.0.0.1:0",
		Grace:   20 * time.Second,
		Ready: func(url string) {
			ask(mux, "GET", "/readyz", "")
			stop() // here, in place of the signal
		},
	})
	fmt.Println("ended:", err)
	// Output:
	// GET /readyz → 200 {"status":"ready"}
	// ended: <nil>
}
