package revisions_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate/drift"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/web"
)

// /readyz tells of a schema that is not the one that the build knows.
func TestReadyz_tells_of_another_schema(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, retort.NewBase())
	k.Exec(t, "CREATE TABLE t (id int)")
	fingerprint, err := drift.Fingerprint(t.Context(), k.Engine)
	if err != nil {
		t.Fatal(err)
	}
	handler := web.Readyz(k.Engine, drift.Expect(k.Engine, fingerprint))
	for _, c := range []struct {
		change string
		want   int
	}{
		{"", http.StatusOK}, {"ALTER TABLE t ADD a int", http.StatusServiceUnavailable}, {"ALTER TABLE t DROP a", http.StatusOK},
	} {
		if c.change != "" {
			k.Exec(t, c.change)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", "/readyz", nil))
		if w.Code != c.want {
			t.Errorf("behind %q it answers %d, want %d", c.change, w.Code, c.want)
		}
	}
}
