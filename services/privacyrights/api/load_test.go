package api_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
)

func newLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// A small load: everything that was answered is stored, and nothing fails.
func TestLoad_a_thousand_requests(t *testing.T) {
	t.Parallel()
	const workers, each = 16, 64 // 1,024 requests in five calls each
	s := setup(t)
	var failed atomic.Int64
	var wg sync.WaitGroup
	call := func(want int, method, path, body string) answer {
		a, err := s.try(method, path, body)
		if err != nil || a.status != want {
			if failed.Add(1) < 5 {
				t.Errorf("%s %s: %d %s %v", method, path, a.status, a.body, err)
			}
		}
		return a
	}
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				a := call(http.StatusCreated, "POST", "/requests", fmt.Sprintf(`{"regime":"ccpa","right":"deletion","email":"w%d-%d@example.org"}`, w, i))
				path := a.header.Get("Location")
				call(http.StatusOK, "PATCH", path, `{"note":"x"}`)
				call(http.StatusOK, "POST", path+"/transitions", `{"to":"in_progress"}`)
				call(http.StatusOK, "GET", path, "")
				call(http.StatusOK, "GET", "/requests?limit=5&status=in_progress", "")
			}
		})
	}
	wg.Wait()
	want := fmt.Sprintf("%d | %d | %d", workers*each, workers*each*2, workers*each*3)
	got := s.db.Rows(t, "SELECT (SELECT count(*) FROM dsr_requests WHERE status = 'in_progress' AND note = 'x' AND version = 3), (SELECT count(*) FROM dsr_status_history), (SELECT count(*) FROM audit_log)")
	if got[0] != want {
		t.Errorf("rows %s, want %s", got[0], want)
	}
}
