package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

type benchIn struct {
	ID    int      `path:"id"`
	Limit int      `query:"limit" default:"20"`
	Email string   `json:"email"`
	Right string   `json:"right"`
	Note  *string  `json:"note"`
	Tags  []string `json:"tags,omitempty"`
}

type benchOut struct {
	ID    int    `json:"id"`
	Email string `json:"email"`
}

const benchBody = `{"email":"jane@example.com","right":"deletion","note":"please","tags":["a","b"]}`

// sink is a ResponseWriter that keeps nothing.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header            { return s.header }
func (s *sink) WriteHeader(int)                {}
func (s *sink) Write(data []byte) (int, error) { return len(data), nil }

func serveBench(b *testing.B, h http.Handler) {
	b.Helper()
	mux := http.NewServeMux()
	mux.Handle("POST /things/{id}", h)
	check := httptest.NewRecorder()
	mux.ServeHTTP(check, benchRequest(b, strings.NewReader(benchBody)))
	if check.Code != 200 || !strings.Contains(check.Body.String(), "jane@example.com") {
		b.Fatalf("got %d %s", check.Code, check.Body)
	}
	b.ReportAllocs()
	body := strings.NewReader(benchBody)
	w := &sink{header: make(http.Header)}
	r := benchRequest(b, body)
	for b.Loop() {
		body.Reset(benchBody)
		clear(w.header)
		r.Body = io.NopCloser(body)
		mux.ServeHTTP(w, r)
	}
}

func benchRequest(b *testing.B, body io.Reader) *http.Request {
	r := httptest.NewRequestWithContext(b.Context(), "POST", "/things/7?limit=5", body)
	r.Header.Set("Content-Type", "application/json")
	return r
}

// BenchmarkOverhead compares a request that asks the database nothing, so that
// what remains is the wrapper: the session, the input and the answer.
func BenchmarkOverhead(b *testing.B) {
	eng, err := retort.Open(retort.Config{Base: things, URL: "postgres://127.0.0.1:1/none"})
	must(b, err)
	bare := func(w http.ResponseWriter, r *http.Request) {
		var in benchIn
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			panic(err)
		}
		if _, err := fmt.Sscan(r.PathValue("id"), &in.ID); err != nil {
			panic(err)
		}
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(&benchOut{ID: in.ID, Email: in.Email}); err != nil {
			panic(err)
		}
	}
	b.Run("net/http_and_encoding/json", func(b *testing.B) { serveBench(b, http.HandlerFunc(bare)) })
	b.Run("Handle", func(b *testing.B) {
		serveBench(b, web.Handle(eng, func(_ context.Context, _ *retort.Session, in *benchIn) (*benchOut, error) {
			return &benchOut{ID: in.ID, Email: in.Email}, nil
		}))
	})
	b.Run("Sessions_around_net/http", func(b *testing.B) { serveBench(b, web.Sessions(eng)(http.HandlerFunc(bare))) })
}
