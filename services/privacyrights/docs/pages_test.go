//go:build pages

package docs_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/retort-go/retort/services/internal/browser"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPages_show_the_operations(t *testing.T) {
	t.Parallel()
	mux := setup(t, "Privacy rights")
	mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, "testdata/openapi.json")
	})
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`[{"email":"ada@example.org","status":"open"}]`))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	b := browser.Start(t)

	t.Run("in Swagger UI", func(t *testing.T) {
		t.Parallel()
		page := b.Open(t, server.URL+"/docs")
		page.WaitVisible(".opblock")
		want := []string{"List requests", "Create a request", "Read a request"}
		if got := page.Texts(".opblock-summary-description"); !slices.Equal(got, want) {
			t.Errorf("operations: %q, want %q", got, want)
		}
		page.Screenshot("docs")

		// Its main use: send a request from the page.
		page.Click("#operations-requests-list-requests .opblock-summary-control")
		page.Click("#operations-requests-list-requests .try-out__btn")
		page.Click("#operations-requests-list-requests .execute")
		page.WaitVisible("#operations-requests-list-requests .live-responses-table")
		if got := page.Text("#operations-requests-list-requests .live-responses-table"); !strings.Contains(got, "ada@example.org") {
			t.Errorf("the answer shown: %q", got)
		}
		page.Screenshot("docs-answer")
		quiet(t, page)
		if left := page.Left(); len(left) > 0 {
			t.Errorf("requests to other hosts: %v", left)
		}
	})

	t.Run("in Redoc", func(t *testing.T) {
		t.Parallel()
		page := b.Open(t, server.URL+"/redoc")
		page.WaitVisible("[data-section-id='tag/requests/operation/get-request']")
		want := []string{"List requests", "Create a request", "Read a request"}
		if got := page.Texts("[data-section-id^='tag/requests/operation/'] h2"); !slices.Equal(got, want) {
			t.Errorf("operations: %q, want %q", got, want)
		}
		page.Screenshot("redoc")

		// The search runs in a worker, which the policy must let be.
		page.Type("input[aria-label='Search']", "Create")
		page.WaitVisible("[data-role='search:results'] li")
		page.Screenshot("redoc-search")
		quiet(t, page)
		for _, request := range page.Left() {
			// Redoc's own mark below the menu. There is no option against it; the policy is.
			if request.URL != "https://cdn.redoc.ly/redoc/logo-mini.svg" || request.Failed != "csp" {
				t.Errorf("request to another host: %v", request)
			}
		}
	})
}

// quiet checks what holds for every page: nothing came to the gate, nothing of
// its own was missing, no script threw.
func quiet(t *testing.T, page *browser.Page) {
	t.Helper()
	if outside := page.Outside(); len(outside) > 0 {
		t.Errorf("on the network: %q", outside)
	}
	for _, request := range page.Requests() {
		if request.Status >= http.StatusBadRequest {
			t.Errorf("%v: status %d", request, request.Status)
		}
	}
	for _, line := range page.Console() {
		if strings.HasPrefix(line, "exception:") {
			t.Error(line)
		}
	}
	t.Logf("console:\n  %s", strings.Join(page.Console(), "\n  "))
}
