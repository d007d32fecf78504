package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// Under a router or framework of your own, Labeled tells the database's side
// who asks, and Timed tells the browser what it cost.
func Example_seeing() {
	eng, err := retort.Open(retort.Config{URL: "postgres://127.0.0.1/shop"})
	if err != nil {
		panic(err)
	}
	defer func() { _ = eng.Close(context.Background()) }()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		l := retort.LabelsOf(r.Context())
		fmt.Fprintf(w, "%s of %s", l.RequestID, l.Route)
	})
	handler := web.Timed(eng)(web.Labeled(mux)) // Timed for development only

	r := httptest.NewRequestWithContext(context.Background(), "GET", "/orders/7", nil)
	r.Header.Set("X-Request-Id", "5b1c")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Body)
	fmt.Println(strings.Contains(w.Header().Get("Server-Timing"), `desc="0 round trips"`))
	// Output:
	// 5b1c of GET /orders/{id}
	// true
}
