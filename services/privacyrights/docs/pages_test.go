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
		if got := page.TryOut("requests-list-requests"); !strings.Contains(got, "ada@example.org") {
			t.Errorf("the answer shown: %q", got)
		}
		page.Screenshot("docs-answer")
		page.Quiet()
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
		page.Quiet(browser.RedocMark)
	})
}
