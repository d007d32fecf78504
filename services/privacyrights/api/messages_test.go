package api_test

import (
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"
)

// TestMessages_say_what_to_do reads the refusals as a client does.
func TestMessages_say_what_to_do(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.create("ann@example.org")
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"a member that is missing", "POST", "/requests/" + id + "/transitions", `{}`, 422, `\"to\" is missing`},
		{"a value that is none of a few", "POST", "/requests/" + id + "/transitions", `{"to":"open"}`, 422, "must be one of in_progress, fulfilled, denied, revoked"},
		{"no object", "POST", "/requests", `[]`, 422, "must be a JSON object"},
		{"no string", "PATCH", "/requests/" + id, `{"note":1}`, 422, "must be a string"},
		{"an empty text", "POST", "/requests", `{"regime":"gdpr","right":"access","email":""}`, 422, "must have at least 1 character\""},
		{"a text that is too long", "PATCH", "/requests/" + id, `{"note":"` + strings.Repeat("é", 10001) + `"}`, 422, "must have at most 10000 characters"},
		{"a number that is too small", "GET", "/requests?limit=0", "", 422, "must be 1 or more"},
		{"a number that is too large", "GET", "/requests?limit=101", "", 422, "must be 100 or less"},
		{"no number", "GET", "/requests?limit=x", "", 422, "must be a whole number"},
		{"what all of these have", "GET", "/requests?limit=x", "", 422, "The input does not fit; errors says where."},
		{"an id of nothing", "GET", "/requests/" + uuid.Nil.String(), "", 404, "There is no request with this id."},
		{"a path of nothing", "GET", "/request", "", 404, "No route has this path; GET /docs shows them."},
		{"another method", "DELETE", "/requests", "", 405, "This path takes GET, HEAD, POST."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := s.do(tt.method, tt.path, tt.body).want(t, tt.status)
			isProblem(t, a)
			if !strings.Contains(a.body, tt.want) {
				t.Errorf("%q is not in %s", tt.want, a.body)
			}
		})
	}
	a := s.do("PATCH", "/requests/"+id, `{"note":"`+strings.Repeat("é", 10000)+`"}`)
	a.want(t, 200) // characters, and not bytes
}
