package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/services/privacyrights/domain"
)

var update = flag.Bool("update", false, "write testdata/openapi.json anew")

// The document is what clients are generated from: a change of it is reviewed.
func TestOpenAPI_is_the_reviewed_one(t *testing.T) {
	t.Parallel()
	s := setup(t)
	a := s.do("GET", "/openapi.json", "").want(t, http.StatusOK)
	if got := a.header.Get("Content-Type"); got != "application/openapi+json" {
		t.Errorf("Content-Type %q", got)
	}
	var text bytes.Buffer
	if err := json.Indent(&text, []byte(a.body), "", "  "); err != nil {
		t.Fatal(err)
	}
	text.WriteByte('\n')
	const golden = "testdata/openapi.json"
	if *update {
		if err := os.WriteFile(golden, text.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text.String()); diff != "" {
		t.Errorf("run go test -run OpenAPI -update if this is meant (-reviewed +now):\n%s", diff)
	}
}

func TestOpenAPI_tells_the_truth(t *testing.T) {
	t.Parallel()
	s := setup(t)
	var doc struct {
		OpenAPI string `json:"openapi"`
		Info    struct{ Title, Version string }
		Paths   map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Responses   map[string]any
		}
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct{ Enum []string }
			}
		}
	}
	a := s.do("GET", "/openapi.json", "").want(t, http.StatusOK)
	if err := json.Unmarshal([]byte(a.body), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" || doc.Info.Title != "Privacy Rights API" || doc.Info.Version != "1.2.3" {
		t.Errorf("%s %+v", doc.OpenAPI, doc.Info)
	}
	var routes []string
	for path, methods := range doc.Paths {
		for method, op := range methods {
			routes = append(routes, fmt.Sprintf("%s %s %v", strings.ToUpper(method), path, slices.Sorted(maps.Keys(op.Responses))))
		}
	}
	slices.Sort(routes)
	want := []string{
		"GET / [200 default]",
		"GET /audit-log [200 default]",
		"GET /requests [200 default]",
		"GET /requests/{id} [200 304 default]",
		"GET /requests/{id}/history [200 default]",
		"PATCH /requests/{id} [200 default]",
		"POST /requests [201 default]",
		"POST /requests/{id}/transitions [200 default]",
	}
	if diff := cmp.Diff(want, routes); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
	// The enums in struct tags are copies of the domain's lists.
	properties := doc.Components.Schemas["Request"].Properties
	for name, want := range map[string][]string{
		"regime": texts(domain.Regimes()), "right": texts(domain.Rights()), "status": texts(domain.Statuses()),
	} {
		if diff := cmp.Diff(want, properties[name].Enum); diff != "" {
			t.Errorf("Request.%s (-want +got):\n%s", name, diff)
		}
	}
	if diff := cmp.Diff(texts(domain.Statuses()[1:]), doc.Components.Schemas["Transition"].Properties["to"].Enum); diff != "" {
		t.Errorf("Transition.to (-want +got):\n%s", diff)
	}
	if _, ok := doc.Components.Schemas["ErrorModel"]; ok {
		t.Error("Huma's own error is described, but never sent")
	}
	if strings.Contains(a.body, "$schema") || strings.Contains(a.body, "http://") || strings.Contains(a.body, "https://") {
		t.Error("the document links to other places")
	}
}

func texts[S ~string](list []S) []string {
	var out []string
	for _, s := range list {
		out = append(out, string(s))
	}
	return out
}

func TestDocs_are_served_by_this_host(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for _, path := range []string{"/docs", "/redoc"} {
		a := s.do("GET", path, "").want(t, http.StatusOK)
		if !strings.Contains(a.body, "<title>Privacy Rights API") && !strings.Contains(a.body, "Privacy Rights API") {
			t.Errorf("%s has no title: %s", path, a.body)
		}
		if !strings.Contains(a.body, "/openapi.json") || !strings.Contains(a.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %v %s", path, a.header, a.body)
		}
	}
}
