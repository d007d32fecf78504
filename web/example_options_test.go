package web_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// A route says how it wants to be run, and refuses input with its place.
func ExampleOption() {
	eng, err := retort.Open(retort.Config{URL: "postgres://app@localhost/shop?sslmode=disable"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer eng.Close(context.Background())
	type order struct {
		Pieces int `json:"pieces"`
	}
	place := func(_ context.Context, _ *retort.Session, in *order) (*order, error) {
		if in.Pieces < 1 {
			return nil, web.Invalid("body.pieces", "must be at least 1")
		}
		return in, nil
	}
	handler := web.Handle(eng, place,
		web.Status(http.StatusCreated),
		web.Tx(retort.TxOptions{Isolation: retort.Serializable}),
		web.Repeatable(),
		web.TimeLimit(5*time.Second),
		web.RenderBeforeCommit(),
		web.MaxBody(100),
		web.Logger(slog.New(slog.DiscardHandler)),
		web.ServerTiming(),
	)
	for _, body := range []string{`{"pieces": 2}`, `{"pieces": 0}`, `{"pieces": ` + strings.Repeat("1", 100) + `}`} {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/orders", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		handler.ServeHTTP(w, r)
		fmt.Println(w.Code, strings.TrimSpace(w.Body.String()))
	}
	// Output:
	// 201 {"pieces":2}
	// 422 {"type":"/problems/invalid-input","title":"Invalid input","status":422,"detail":"The request does not fit what this route takes.","errors":[{"location":"body.pieces","message":"must be at least 1"}]}
	// 413 {"type":"/problems/body-too-large","title":"Body too large","status":413,"detail":"The body is larger than 100 bytes."}
}
