package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// A json.Number is read from a number, with all its digits, and from nothing else.
func TestNumbersKeepTheirDigits(t *testing.T) {
	t.Parallel()
	s := newService(t)
	type input struct {
		At    *json.Number           `query:"at" json:"at"`
		Value json.Number            `json:"value,omitempty"`
		List  []json.Number          `json:"list,omitempty"`
		Names map[string]json.Number `json:"names,omitempty"`
	}
	s.mux.Handle("POST /", web.Handle(s.Engine, func(_ context.Context, _ *retort.Session, in *input) (*input, error) { return in, nil }, s.logger()))
	digits := "-12345678901234567890.123456789012345678901e2"
	for _, body := range []string{
		`"value":` + digits + `}`, `"value":0,"list":[1,` + digits + `],"names":{"a":` + digits + `}}`,
	} {
		got := s.do(t, "POST", "/", "{"+body)
		if diff := cmp.Diff(`{"at":null,`+body+"\n", got.body); diff != "" || got.StatusCode != http.StatusOK {
			t.Errorf("%d: %s", got.StatusCode, diff)
		}
	}
	if got := s.do(t, "POST", "/?at="+url.QueryEscape(digits), `{}`); got.body != `{"at":`+digits+`}`+"\n" || got.StatusCode != http.StatusOK {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	for _, bad := range []string{`{"value":"1"}`, `{"value":"x"}`, `{"value":true}`, `{"value":null}`} {
		if got := s.do(t, "POST", "/", bad); got.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", bad, got.StatusCode, got.body)
		}
	}
	for _, bad := range []string{"", "x", "+1", "01", ".5", "0x1", "1 ", "NaN", `"1"`} {
		if got := s.do(t, "POST", "/?at="+url.QueryEscape(bad), `{}`); got.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", bad, got.StatusCode, got.body)
		}
	}
}
