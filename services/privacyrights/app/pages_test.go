//go:build pages

package app_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/retort-go/retort/services/internal/browser"
	"github.com/retort-go/retort/services/privacyrights/internal/testdb"
)

// The pages of the running service, as a newcomer opens them: its own document,
// its own answers, and no request to another host.
func TestPages_of_the_running_service(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	service := start(t, map[string]string{"DATABASE_URL": db.URL()})
	service.ready()
	if code, body := send(t, "POST", service.url+"/requests", newRequest); code != http.StatusCreated {
		t.Fatalf("%d %s", code, body)
	}
	want := []string{
		"Read the audit log", "List requests", "Record a request", "Read a request", "Change the note",
		"Read a request's history", "Take a step", "Name and version",
	}
	slices.Sort(want)
	b := browser.Start(t)

	t.Run("Swagger UI shows every operation and sends one", func(t *testing.T) {
		t.Parallel()
		page := b.Open(t, service.url+"/docs")
		page.WaitVisible(".opblock")
		got := page.Texts(".opblock-summary-description")
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("operations %q, want %q", got, want)
		}
		page.Screenshot("service-docs")
		if got := page.TryOut("requests-list-requests"); !strings.Contains(got, "ann@example.org") {
			t.Errorf("the answer shown: %q", got)
		}
		page.Screenshot("service-docs-answer")
		page.Quiet()
	})

	t.Run("Redoc shows every operation", func(t *testing.T) {
		t.Parallel()
		page := b.Open(t, service.url+"/redoc")
		page.WaitVisible("[data-section-id$='operation/create-request']")
		got := page.Texts("[data-section-id*='/operation/'] h2")
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("operations %q, want %q", got, want)
		}
		page.Screenshot("service-redoc")
		page.Quiet(browser.RedocMark)
	})
}
