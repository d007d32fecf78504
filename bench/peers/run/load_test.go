package run

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// listen listens for a load and keeps the paths that were asked for.
func listen(t *testing.T, answer http.HandlerFunc) (address string, asked func() map[string]int) {
	t.Helper()
	var mu sync.Mutex
	paths := map[string]int{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		paths[r.Method+" "+r.URL.Path]++
		mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(srv.Close)
	return strings.TrimPrefix(srv.URL, "http://"), func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		return paths
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()

	t.Run("asks each number once and counts all answers", func(t *testing.T) {
		t.Parallel()
		address, asked := listen(t, func(w http.ResponseWriter, _ *http.Request) {
			body := strings.Repeat("x", 100_000) // more than the client's buffer
			w.Header().Set("Content-Length", fmt.Sprint(len(body)))
			fmt.Fprint(w, body)
		})
		got, err := load{address, "W1", 4, 100, 20 * time.Millisecond}.run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		paths := asked()
		if len(got.times) < 4 || len(paths) != len(got.times) {
			t.Errorf("%d requests, %d paths", len(got.times), len(paths))
		}
		for _, want := range []string{"POST /w/W1/100", "POST /w/W1/103"} {
			if paths[want] != 1 {
				t.Errorf("%s was asked %d times", want, paths[want])
			}
		}
		if got.within(0.99) < got.within(0.5) || got.within(0.5) <= 0 || got.took <= 0 {
			t.Errorf("got %+v", got)
		}
	})

	t.Run("tells of an answer that is no success", func(t *testing.T) {
		t.Parallel()
		address, _ := listen(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/1") {
				http.Error(w, "no such user", http.StatusInternalServerError)
			}
		})
		_, err := load{address, "W1", 2, 0, time.Millisecond}.run(t.Context())
		if err == nil || !strings.Contains(err.Error(), "W1, request 1: HTTP/1.1 500 Internal Server Error: no such user") {
			t.Errorf("got %v", err)
		}
	})
}
