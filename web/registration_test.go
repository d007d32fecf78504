package web

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
)

type inner struct {
	ID int `json:"id"`
}

type selfReading struct{ time.Time }

func TestRegistration(t *testing.T) {
	t.Parallel()
	type node struct {
		Next *node `json:"next"`
		Loop []node
	}
	for name, c := range map[string]struct {
		in   any
		want []string // pieces, one for each problem
	}{
		"takes_an_empty_struct":        {in: struct{}{}},
		"takes_a_type_that_has_itself": {in: node{}},
		"lets_an_outer_field_win": {in: struct {
			inner
			ID string `json:"id"`
		}{}},
		"refuses_what_is_no_struct": {in: 1, want: []string{"int is not a struct"}},
		"refuses_channels_and_functions": {in: struct {
			A chan int
			B func() `query:"b"`
			C complex128
		}{}, want: []string{".A: chan int", ".B: func()", ".B: func()", ".C: complex128"}},
		"refuses_interfaces_with_methods": {in: struct{ A error }{}, want: []string{".A: error is an interface"}},
		"refuses_map_keys_but_strings":    {in: struct{ A map[int]string }{}, want: []string{".A: map keys are int"}},
		"refuses_a_tag_on_a_hidden_field": {in: struct {
			a int `query:"a"`
		}{}, want: []string{".a: the field has a tag but is not exported"}},
		"refuses_two_places": {in: struct {
			A int `query:"a" header:"A"`
		}{}, want: []string{".A: the field has two of the tags"}},
		"refuses_one_name_twice": {in: struct {
			A int `query:"a"`
			B int `query:"a"`
			E int `header:"x-e"`
			F int `header:"X-E"`
		}{}, want: []string{".B: two fields read query.a", ".F: two fields read header"}},
		"refuses_an_empty_tag": {in: struct {
			A int `query:""`
		}{}, want: []string{".A: the tag query names nothing"}},
		"refuses_structs_in_the_query": {in: struct {
			A inner   `query:"a"`
			B [][]int `query:"b"`
			C []int   `path:"c"`
		}{}, want: []string{".A: web.inner cannot be read from query.a", ".B: [][]int", ".C: []int"}},
		"refuses_embedded_pointers":          {in: struct{ *inner }{}, want: []string{"an embedded pointer cannot be filled"}},
		"refuses_an_input_that_reads_itself": {in: selfReading{}, want: []string{"it reads its own JSON"}},
		"refuses_the_string_option": {in: struct {
			A int `json:"a,string"`
		}{}, want: []string{`.A: the json option "string"`}},
		"tries_defaults_out": {in: struct {
			A int   `query:"a" default:"x"`
			B []int `query:"b" default:"1"`
			C inner `json:"c" default:"1"`
		}{}, want: []string{".A: the default must be an integer", ".B: a default needs", ".C: a default needs"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, got := inputFor(reflect.TypeOf(c.in))
			if len(got) != len(c.want) {
				t.Fatalf("got %q, want %q", got, c.want)
			}
			for i := range got {
				if !strings.Contains(got[i], c.want[i]) {
					t.Errorf("got %q, want %q in it", got[i], c.want[i])
				}
			}
		})
	}
}

func TestRegistration_refuses_one_name_twice_in_the_body(t *testing.T) {
	t.Parallel()
	twice := reflect.StructOf([]reflect.StructField{
		{Name: "C", Type: reflect.TypeFor[int](), Tag: `json:"c"`},
		{Name: "D", Type: reflect.TypeFor[int](), Tag: `json:"c"`},
	})
	if _, got := inputFor(twice); len(got) != 1 || !strings.Contains(got[0], `.D: two fields are named "c"`) {
		t.Errorf("got %q", got)
	}
}

func TestUnencodable(t *testing.T) {
	t.Parallel()
	type node struct {
		Next *node
		When time.Time
		Any  any
		Map  map[int][]byte
		Off  chan int `json:"-"`
	}
	type bad struct {
		A chan int
		B map[struct{}]int
		C []struct{ D func() }
	}
	if got := unencodable(reflect.TypeFor[node](), "node", make(map[reflect.Type]bool)); len(got) > 0 {
		t.Errorf("got %q", got)
	}
	var places []string
	for _, problem := range unencodable(reflect.TypeFor[bad](), "bad", make(map[reflect.Type]bool)) {
		place, _, _ := strings.Cut(problem, ":")
		places = append(places, place)
	}
	if diff := cmp.Diff([]string{"bad.A", "bad.B", "bad.C.D"}, places); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at   routeKind
		opts []Option
		want string
	}{
		"streaming_is_not_for_handle": {forHandle, []Option{Streaming()}, "web.Streaming is no option for Handle"},
		"status_is_not_for_sessions":  {forSessions, []Option{Status(201)}, "web.Status is no option for Sessions"},
		"status_is_success":           {forHandle, []Option{Status(404)}, "web.Status(404): success is 200 to 399"},
		"sizes_are_positive":          {forHandle, []Option{MaxBody(0)}, "web.MaxBody(0)"},
		"buffers_are_positive":        {forSessions, []Option{MaxBuffer(-1)}, "web.MaxBuffer(-1)"},
		"a_key_needs_to_be_written":   {forHandle, []Option{Idempotent(NewIdempotency("k"), func(*http.Request) (string, error) { return "", nil }), Tx(retort.TxOptions{ReadOnly: true})}, "web.Idempotent with web.Tx(ReadOnly)"},
		"the_zero_option_is_a_slip":   {forHandle, []Option{{}}, "the zero web.Option"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, got := settle(c.at, map[routeKind]string{forHandle: "Handle", forSessions: "Sessions"}[c.at], c.opts)
			if len(got) != 1 || !strings.Contains(got[0], c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	if set, _ := settle(forHandle, "Handle", nil); !set.txFor(http.MethodHead).ReadOnly || set.txFor(http.MethodDelete).ReadOnly {
		t.Error("HEAD must be read-only, DELETE not")
	}
}
