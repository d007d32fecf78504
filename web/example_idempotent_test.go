package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/web"
)

var (
	Replies = web.NewIdempotency("idempotency_keys")
	shop    = retort.NewBase(Notes, Replies.Table)
)

// A client that got no answer sends its request again, with the same key.
func ExampleIdempotent() {
	tb := &exampleTB{}
	eng := retorttest.New(tb, shop).Engine
	defer func() {
		for i := len(tb.cleanups) - 1; i >= 0; i-- {
			tb.cleanups[i]()
		}
	}()

	mux := http.NewServeMux()
	mux.Handle("POST /notes", web.Handle(eng, addNote,
		web.Idempotent(Replies, account), web.RequireIdempotencyKey(), web.Repeatable()))

	for range 2 {
		r := httptest.NewRequest("POST", "/notes", strings.NewReader(`{"title": "Buy tea"}`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Account", "ann")
		r.Header.Set("Idempotency-Key", "8e03978e-40d5-43dd-bc93-6894a57f9324")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		fmt.Println(w.Code, w.Header().Get("Idempotency-Replayed") != "", strings.TrimSpace(w.Body.String()))
	}

	n, err := Replies.Sweep(context.Background(), eng, 24*time.Hour)
	fmt.Println(n, err)
	// Output:
	// 200 false {"id":1,"version":1,"title":"Buy tea","text":null}
	// 200 true {"id":1,"version":1,"title":"Buy tea","text":null}
	// 0 <nil>
}

type addNoteInput struct {
	Title string `json:"title"`
}

func addNote(_ context.Context, s *retort.Session, in *addNoteInput) (*Note, error) {
	n := &Note{Title: in.Title}
	s.Add(n)
	return n, nil
}
