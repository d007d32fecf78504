package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// unpacked is a middleware as it is often written: it puts the unpacked body in
// place of the packed one and leaves the length as it was.
func unpacked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		zip, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = zip
		r.Header.Del("Content-Encoding")
		next.ServeHTTP(w, r)
	})
}

func TestBodyThatAMiddlewareUnpackedIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	type document struct {
		Text string `json:"text"`
	}
	s := newService(t)
	s.mux.Handle("POST /typed", unpacked(web.Handle(s.Engine,
		func(_ context.Context, _ *retort.Session, in *document) (*document, error) { return in, nil })))
	s.mux.Handle("POST /plain", unpacked(web.Sessions(s.Engine, web.Idempotent(keys, func(*http.Request) (string, error) { return "a", nil }))(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }))))
	for _, n := range []int{1, 5000} {
		body := `{"text":"` + strings.Repeat("a", n) + `"}`
		var packed bytes.Buffer
		zip := gzip.NewWriter(&packed)
		_, err := io.WriteString(zip, body)
		must(t, err)
		must(t, zip.Close())
		for _, path := range []string{"/typed", "/plain"} {
			got := s.do(t, "POST", path, packed.String(), "Content-Encoding", "gzip", web.IdempotencyHeader, fmt.Sprint(path, n))
			if got.StatusCode != http.StatusOK || strings.TrimSpace(got.body) != body {
				t.Errorf("%s, %d bytes packed to %d: %d %.200s", path, len(body), packed.Len(), got.StatusCode, got.body)
			}
		}
	}
}

func TestBodyThatAMiddlewareFoundTooLargeIsToldItsLimit(t *testing.T) {
	t.Parallel()
	s := newService(t)
	h := web.Handle(s.Engine, func(_ context.Context, _ *retort.Session, in *struct{ A string }) (*struct{}, error) { return nil, nil })
	s.mux.Handle("POST /", http.MaxBytesHandler(h, 10))
	if p := s.do(t, "POST", "/", `{"A":"more than ten"}`).problem(t); p.Status != 413 || !strings.Contains(p.Detail, " 10 bytes") {
		t.Errorf("%d %s", p.Status, p.Detail)
	}
}
