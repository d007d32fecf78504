package web_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// sizeOfShirt is an enum as Go writes them: a small number with a text.
type sizeOfShirt uint8

func (s *sizeOfShirt) UnmarshalText(text []byte) error {
	switch string(text) {
	case "small", "large":
		*s = sizeOfShirt(text[0])
		return nil
	}
	return errors.New("no size")
}

// color is a text that checks itself.
type color string

func (c *color) UnmarshalText(text []byte) error {
	if string(text) != "red" {
		return errors.New("no color")
	}
	*c = "RED"
	return nil
}

// Elements and names of a type with UnmarshalText are read by it.
func TestUnmarshalTextInListsAndNames(t *testing.T) {
	t.Parallel()
	type input struct {
		Sizes  []sizeOfShirt `json:"sizes"`
		Colors map[color]int `json:"colors"`
	}
	var got input
	s := newService(t)
	s.mux.Handle("POST /", web.Handle(s.Engine, func(_ context.Context, _ *retort.Session, in *input) (*struct{}, error) {
		got = *in
		return nil, nil
	}))
	if r := s.do(t, "POST", "/", `{"sizes":["small","large"],"colors":{"red":1}}`); r.StatusCode != http.StatusNoContent {
		t.Fatalf("%d %s", r.StatusCode, r.body)
	}
	want := input{[]sizeOfShirt{'s', 'l'}, map[color]int{"RED": 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	p := s.do(t, "POST", "/", `{"sizes":["huge"],"colors":{"blue":1}}`).problem(t)
	places := []web.FieldError{
		{Location: "body.sizes[0]", Message: "is not valid"},
		{Location: "body.colors.blue", Message: "has a name that is not valid"},
	}
	if diff := cmp.Diff(places, p.Errors); diff != "" || p.Status != http.StatusUnprocessableEntity {
		t.Errorf("%d %s", p.Status, diff)
	}
}
