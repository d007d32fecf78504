package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// FuzzBody holds the reader against encoding/json: what it accepts, the library
// accepts as the same value; what it refuses is a client's fault with a place.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"name":"a"}`, `{"name":"\ud83d\ude00\u0000"}`, `{"name":"","price":1e5,"big":0,"flag":true}`,
		`{"name":"","lines":[{"name":"x","sub":[]},{"name":"y","note":null}],"pair":[1,2]}`,
		`{"name":"","any":{"a":[1,2,{"b":"c"}]},"raw":"x","extra":{"a":1},"names":{"x":null}}`,
		`{"name":"","due":"2026-01-31T00:00:00Z","ref":"` + someID + `","blob":"aGk=","note":null}`,
		`{"name":"a","name":"b"}`, `{"Name":"a"}`, `[`, `null`, "{\"name\":\"\xff\"}", `{"name":-0}`, ` {} `, `{"":{}}`,
	} {
		f.Add([]byte(seed))
	}
	in, problems := inputFor(reflect.TypeFor[everything]())
	if len(problems) > 0 {
		f.Fatal(problems)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got, want everything
		var faults faults
		readJSON(body, reflect.ValueOf(&got).Elem(), in.body, &faults)
		for _, e := range faults.list {
			if !strings.HasPrefix(e.Location, "body") || e.Message == "" || !utf8.ValidString(e.Location+e.Message) {
				t.Errorf("bad fault %+v", e)
			}
		}
		if len(faults.list) > 0 {
			return
		}
		d := json.NewDecoder(bytes.NewReader(body))
		d.DisallowUnknownFields()
		if err := d.Decode(&want); err != nil {
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
		if want.Kind == "" {
			want.Kind = got.Kind // its default, which encoding/json does not know
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(everything{})); diff != "" {
			t.Errorf("-encoding/json +web:\n%s", diff)
		}
	})
}

// FuzzRequest holds that no path, query or header can do worse than a 4xx.
func FuzzRequest(f *testing.F) {
	f.Add(someID, "limit=1&color=a&color=b&after=2026-01-31T00:00:00Z&exact=1", `"1"`, "application/json", `{"name":""}`)
	f.Add("%00", "a;b=%zz", "\xff", "text/plain; charset=x", "\x00")
	in, problems := inputFor(reflect.TypeFor[everything]())
	if len(problems) > 0 {
		f.Fatal(problems)
	}
	f.Fuzz(func(t *testing.T, id, query, header, contentType, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.URL = &url.URL{Path: "/", RawQuery: query}
		r.SetPathValue("id", id)
		r.Header = http.Header{"X-Trace": {header}, "If-Match": {header, header}, "Content-Type": {contentType}}
		req, err := in.read(httptest.NewRecorder(), r, 1<<10)
		if err == nil {
			_, err = in.decode(req)
		}
		if status := StatusOf(err); err != nil && (status < 400 || status > 499) {
			t.Errorf("got %d: %v", status, err)
		}
	})
}
