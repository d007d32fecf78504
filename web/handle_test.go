package web_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

type createThing struct {
	Code  string  `json:"code"`
	Name  string  `json:"name"`
	Count int32   `json:"count" default:"1"`
	Note  *string `json:"note"`
}

func create(_ context.Context, s *retort.Session, in *createThing) (*Thing, error) {
	t := &Thing{Code: in.Code, Name: in.Name, Count: in.Count, Note: in.Note}
	s.Add(t)
	return t, nil
}

type thingView struct {
	ID      uuid.UUID `json:"id"`
	Name    string    `json:"name"`
	Note    *string   `json:"note"`
	Version int64     `json:"version"`
	Made    bool      `json:"made"` // the database's values were there
}

func toView(t *Thing) *thingView {
	return &thingView{ID: t.ID, Name: t.Name, Note: t.Note, Version: t.Version.Version, Made: !t.CreatedAt.IsZero()}
}

type byID struct {
	ID uuid.UUID `path:"id"`
}

func get(ctx context.Context, s *retort.Session, in *byID) (*Thing, error) {
	return Things.Get(ctx, s, in.ID)
}

type patchThing struct {
	ID    uuid.UUID         `path:"id"`
	Match *string           `header:"If-Match"`
	Note  web.Field[string] `json:"note"`
}

func patch(ctx context.Context, s *retort.Session, in *patchThing) (*Thing, error) {
	t, err := Things.Get(ctx, s, in.ID)
	if err != nil {
		return nil, err
	}
	if in.Match != nil {
		if err := web.IfMatch(*in.Match, strconv.FormatInt(t.Version.Version, 10)); err != nil {
			return nil, err
		}
	}
	if in.Note.Set {
		t.Note = in.Note.Pointer()
	}
	return t, nil
}

func location(v *thingView) string { return "/things/" + v.ID.String() }
func version(v *thingView) string  { return strconv.FormatInt(v.Version, 10) }

// routes registers a small resource.
func (s *service) routes() {
	loc, tag := web.Location(location), web.ETag(version)
	s.mux.Handle("POST /things", web.HandleView(s.Engine, create, toView, loc, tag, s.logger()))
	s.mux.Handle("GET /things/{id}", web.HandleView(s.Engine, get, toView, tag, s.logger()))
	s.mux.Handle("PATCH /things/{id}", web.HandleView(s.Engine, patch, toView, tag, s.logger()))
	s.mux.Handle("DELETE /things/{id}", web.Handle(s.Engine,
		func(ctx context.Context, s *retort.Session, in *byID) (*Thing, error) {
			t, err := Things.Get(ctx, s, in.ID)
			if err == nil {
				s.Delete(t)
			}
			return nil, err
		}))
}

func TestHandle(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.routes()
	created := s.do(t, "POST", "/things", `{"code":"a","name":"Ä<b>"}`)
	path := created.Header.Get("Location")

	t.Run("creates_with_201_location_and_confirmed_values", func(t *testing.T) {
		if created.StatusCode != 201 || !strings.HasPrefix(path, "/things/") || created.Header.Get("ETag") != `"1"` {
			t.Errorf("got %d %v", created.StatusCode, created.Header)
		}
		want := `{"id":"` + strings.TrimPrefix(path, "/things/") + `","name":"Ä\u003cb\u003e","note":null,"version":1,"made":true}` + "\n"
		if diff := cmp.Diff(want, created.body); diff != "" {
			t.Error(diff)
		}
		if got := created.Header.Get("Content-Type"); got != "application/json" {
			t.Errorf("Content-Type %q", got)
		}
		if s.rows(t) != 1 {
			t.Error("the row is not there")
		}
	})
	t.Run("reads_with_an_etag", func(t *testing.T) {
		got := s.do(t, "GET", path, "")
		if got.StatusCode != 200 || got.Header.Get("ETag") != `"1"` || got.body != created.body {
			t.Errorf("got %d %v %s", got.StatusCode, got.Header, got.body)
		}
	})
	t.Run("answers_HEAD_as_GET_without_a_body", func(t *testing.T) {
		got := s.do(t, "HEAD", path, "")
		if got.StatusCode != 200 || got.body != "" || got.Header.Get("Content-Length") != strconv.Itoa(len(created.body)) || got.Header.Get("ETag") != `"1"` {
			t.Errorf("got %d %v %q", got.StatusCode, got.Header, got.body)
		}
	})
	t.Run("answers_304_to_who_has_it", func(t *testing.T) {
		for header, want := range map[string]int{
			`"1"`: 304, `W/"1"`: 304, `"0", "1"`: 304, `*`: 304, `"0"`: 200, `1`: 200, `"2",W/"x"`: 200,
		} {
			got := s.do(t, "GET", path, "", "If-None-Match", header)
			if got.StatusCode != want || want == 304 && (got.body != "" || got.Header.Get("ETag") != `"1"`) {
				t.Errorf("%s: got %d, want %d, body %q", header, got.StatusCode, want, got.body)
			}
		}
	})
	t.Run("patches_null_apart_from_absent", func(t *testing.T) {
		for _, step := range []struct{ body, note string }{
			{`{"note":"x"}`, `"note":"x"`}, {`{}`, `"note":"x"`}, {`{"note":null}`, `"note":null`}, {`{"note":""}`, `"note":""`},
		} {
			got := s.do(t, "PATCH", path, step.body)
			if got.StatusCode != 200 || !strings.Contains(got.body, step.note) {
				t.Errorf("%s: got %d %s", step.body, got.StatusCode, got.body)
			}
		}
	})
	t.Run("honors_If_Match", func(t *testing.T) {
		tag := s.do(t, "GET", path, "").Header.Get("ETag")
		for _, c := range []struct {
			header string
			want   int
		}{
			{`"0"`, 412},
			{"W/" + tag, 412},
			{`1"`, 400},
			{`"0", ` + tag, 200},
		} {
			if got := s.do(t, "PATCH", path, `{}`, "If-Match", c.header); got.StatusCode != c.want {
				t.Errorf("%s: got %d %s, want %d", c.header, got.StatusCode, got.body, c.want)
			}
		}
	})
	t.Run("says_404_409_and_422", func(t *testing.T) {
		missing := s.do(t, "GET", "/things/"+uuid.Nil.String(), "").problem(t)
		if missing.Status != 404 || missing.Type != web.ProblemNotFound {
			t.Errorf("got %+v", missing)
		}
		double := s.do(t, "POST", "/things", `{"code":"b","name":"Ä<b>"}`).problem(t)
		want := web.Problem{
			Type: web.ProblemUnique, Title: "Already exists", Status: 409, Detail: double.Detail,
			Constraint: "uq_things_name", Fields: []string{"name"},
		}
		if diff := cmp.Diff(want, double); diff != "" {
			t.Error(diff)
		}
		late := s.do(t, "POST", "/things", `{"code":"a","name":"b"}`).problem(t)
		if late.Status != 409 || len(late.Fields) != 1 || late.Fields[0] != "code" {
			t.Errorf("at COMMIT: got %+v", late)
		}
		check := s.do(t, "POST", "/things", `{"code":"c","name":"c","count":0}`).problem(t)
		if check.Status != 422 || check.Type != web.ProblemCheck || !strings.Contains(check.Constraint, "count_positive") {
			t.Errorf("got %+v", check)
		}
		if s.rows(t) != 1 {
			t.Error("a refused row is there")
		}
	})
	t.Run("deletes_with_204", func(t *testing.T) {
		if got := s.do(t, "DELETE", path, ""); got.StatusCode != 204 || got.body != "" || s.rows(t) != 0 {
			t.Errorf("got %d %q", got.StatusCode, got.body)
		}
		if got := s.do(t, "DELETE", path, ""); got.StatusCode != 404 {
			t.Errorf("got %d", got.StatusCode)
		}
	})
}

func TestHandleRoundTrips(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.routes()
	path := s.do(t, "POST", "/things", `{"code":"a","name":"a"}`).Header.Get("Location")
	for name, c := range map[string]struct {
		method, path, body string
		want               int
	}{
		"refused_input_makes_none": {"POST", "/things", `{"code":1}`, 0},
		"get_makes_one":            {"GET", path, "", 1},
		"patch_makes_two":          {"PATCH", path, `{"note":"%d"}`, 2},
		"post_makes_one":           {"POST", "/things", `{"code":"%[1]d","name":"%[1]d"}`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range 2 {
				body := c.body
				if strings.Contains(body, "%") {
					body = fmt.Sprintf(body, i)
				}
				if got := s.RoundTrips(func() { s.do(t, c.method, c.path, body) }); got != c.want {
					t.Errorf("run %d: %d round trips, want %d", i, got, c.want)
				}
			}
		})
	}
}
