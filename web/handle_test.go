package web_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
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

// answered chooses its status itself.
type answered struct{ Code int }

func (a answered) StatusCode() int { return a.Code }

type unencodable struct{ F float64 }

// picky checks itself.
type picky struct {
	Say string `json:"say"`
}

func (p *picky) Validate() error {
	switch p.Say {
	case "ok":
		return nil
	case "two":
		return errors.Join(web.Invalid("body.say", "is two"), web.Invalid("body", "is bad"))
	case "own":
		return &web.Error{Status: 403, Detail: "Not you."}
	default:
		return errors.New("say ok")
	}
}

func TestHandleRollsBack(t *testing.T) {
	t.Parallel()
	s := newService(t)
	type mode struct {
		Mode string `path:"mode"`
	}
	work := func(_ context.Context, sess *retort.Session, in *mode) (*answered, error) {
		sess.Add(newThing())
		switch in.Mode {
		case "error":
			return nil, errors.New("secret canary")
		case "own":
			return nil, &web.Error{Status: 402, Type: "/mine", Detail: "Pay.", Err: errors.New("canary")}
		case "panic":
			panic("canary")
		case "abort":
			panic(http.ErrAbortHandler)
		case "goexit":
			runtime.Goexit()
		case "status":
			return &answered{404}, nil
		}
		return &answered{202}, nil
	}
	s.mux.Handle("POST /{mode}", web.Handle(s.Engine, work, s.logger()))
	for mode, status := range map[string]int{"error": 500, "own": 402, "panic": 0, "abort": 0, "goexit": 0, "status": 500} {
		t.Run("after_"+mode, func(t *testing.T) {
			got := s.do(t, "POST", "/"+mode, "")
			if status == 0 {
				if got.err == nil {
					t.Errorf("got %d, want no answer", got.StatusCode)
				}
			} else if p := got.problem(t); p.Status != status || strings.Contains(got.body, "canary") {
				t.Errorf("got %+v", p)
			}
			s.idle(t)
			if s.rows(t) != 0 {
				t.Error("a row is there")
			}
		})
	}
	if got := s.do(t, "POST", "/fine", ""); got.StatusCode != 202 || s.rows(t) != 1 {
		t.Errorf("the control: got %d", got.StatusCode)
	}
	if log := s.log.String(); !strings.Contains(log, `"route":"POST /{mode}","status":500`) || !strings.Contains(log, "secret canary") {
		t.Errorf("the log lacks the error: %s", log)
	}
}

func TestHandleAnswers(t *testing.T) {
	t.Parallel()
	s := newService(t)
	nan := func(_ context.Context, sess *retort.Session, _ *struct{}) (*unencodable, error) {
		if !sess.ReadOnly() {
			sess.Add(newThing())
		}
		return &unencodable{math.NaN()}, nil
	}
	s.mux.Handle("/late", web.Handle(s.Engine, nan, s.logger()))
	s.mux.Handle("/early", web.Handle(s.Engine, nan, web.RenderBeforeCommit(), s.logger()))
	s.mux.Handle("/view", web.HandleView(s.Engine, nan, func(*unencodable) *answered { panic("canary") }, s.logger()))
	s.mux.Handle("/tag", web.HandleView(s.Engine, nan, func(*unencodable) *answered { return &answered{200} },
		web.ETag(func(*answered) string { return `a"b` }), s.logger()))
	s.mux.Handle("POST /picky", web.Handle(s.Engine, func(context.Context, *retort.Session, *picky) (*answered, error) { return nil, nil }, web.Status(202)))
	s.mux.Handle("/write", web.Handle(s.Engine, func(ctx context.Context, sess *retort.Session, _ *struct{}) (*answered, error) {
		sess.Add(newThing())
		return nil, nil
	}, s.logger()))
	s.mux.Handle("/rawwrite", web.Handle(s.Engine, func(ctx context.Context, sess *retort.Session, _ *struct{}) (*answered, error) {
		_, err := sess.Exec(ctx, "DELETE FROM things")
		return nil, err
	}, s.logger()))

	t.Run("an_encoder_that_fails_late_says_that_it_is_committed", func(t *testing.T) {
		for i, path := range []string{"/late", "/view", "/tag"} {
			p := s.do(t, "POST", path, "").problem(t)
			if p.Type != web.ProblemCommittedNotRendered || p.Status != 500 || p.RetryAfter != 0 {
				t.Errorf("%s: got %+v", path, p)
			}
			if got := s.rows(t); got != int64(i+1) {
				t.Errorf("%s: %d rows", path, got)
			}
		}
	})
	t.Run("an_encoder_that_fails_on_GET_committed_nothing", func(t *testing.T) {
		for _, path := range []string{"/late", "/view", "/tag"} {
			if p := s.do(t, "GET", path, "").problem(t); p.Type != web.ProblemInternal {
				t.Errorf("%s: got %+v", path, p)
			}
		}
	})
	t.Run("an_encoder_that_fails_early_rolls_back", func(t *testing.T) {
		before := s.rows(t)
		for _, method := range []string{"POST", "GET"} {
			if p := s.do(t, method, "/early", "").problem(t); p.Type != web.ProblemInternal {
				t.Errorf("got %+v", p)
			}
		}
		if s.rows(t) != before {
			t.Error("a row is there")
		}
	})
	t.Run("an_input_that_checks_itself", func(t *testing.T) {
		for say, want := range map[string]web.Problem{
			"ok":  {Status: 202},
			"two": {Type: web.ProblemInvalidInput, Title: "Invalid input", Status: 422, Detail: "The request does not fit what this route takes.", Errors: []web.FieldError{{Location: "body.say", Message: "is two"}, {Location: "body", Message: "is bad"}}},
			"own": {Title: "Forbidden", Status: 403, Detail: "Not you."},
			"bad": {Type: web.ProblemInvalidInput, Title: "Invalid input", Status: 422, Detail: "say ok"},
		} {
			got := s.do(t, "POST", "/picky", `{"say":"`+say+`"}`)
			if want.Status < 400 {
				if got.StatusCode != want.Status {
					t.Errorf("%s: got %d", say, got.StatusCode)
				}
				continue
			}
			if diff := cmp.Diff(want, got.problem(t)); diff != "" {
				t.Errorf("%s: %s", say, diff)
			}
		}
	})
	t.Run("GET_and_HEAD_cannot_write", func(t *testing.T) {
		before := s.rows(t)
		for _, path := range []string{"/write", "/rawwrite"} {
			if p := s.do(t, "GET", path, "").problem(t); p.Type != web.ProblemInternal {
				t.Errorf("GET %s: got %+v", path, p)
			}
			if got := s.do(t, "HEAD", path, ""); got.StatusCode != 500 {
				t.Errorf("HEAD %s: got %d", path, got.StatusCode)
			}
		}
		if s.rows(t) != before {
			t.Error("it wrote")
		}
		if got := s.do(t, "POST", "/write", ""); got.StatusCode != 204 || s.rows(t) != before+1 {
			t.Errorf("POST: got %d", got.StatusCode)
		}
	})
	t.Run("a_wrong_method_for_the_mux_stays_the_muxs", func(t *testing.T) {
		if got := s.do(t, "DELETE", "/picky", ""); got.StatusCode != 405 {
			t.Errorf("got %d", got.StatusCode)
		}
	})
}

func TestHandleRepeats(t *testing.T) {
	t.Parallel()
	s := newService(t)
	type listIn struct {
		Names []string `json:"names"`
	}
	var runs atomic.Int32
	work := func(ctx context.Context, sess *retort.Session, in *listIn) (*answered, error) {
		n := runs.Add(1)
		if in.Names[0] != "a" {
			return nil, fmt.Errorf("the input of run %d is not fresh: %q", n, in.Names)
		}
		in.Names[0] = "spoiled"
		sess.Add(newThing())
		if n < 3 {
			_, err := sess.Exec(ctx, "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$")
			return nil, err
		}
		return &answered{200}, nil
	}
	s.mux.Handle("POST /repeat", web.Handle(s.Engine, work, web.Repeatable(), s.logger()))
	s.mux.Handle("POST /once", web.Handle(s.Engine, work, s.logger()))
	t.Run("whole_with_a_fresh_session_and_input_when_declared", func(t *testing.T) {
		if got := s.do(t, "POST", "/repeat", `{"names":["a"]}`); got.StatusCode != 200 || runs.Load() != 3 || s.rows(t) != 1 {
			t.Errorf("got %d %s after %d runs, %d rows", got.StatusCode, got.body, runs.Load(), s.rows(t))
		}
	})
	t.Run("never_otherwise", func(t *testing.T) {
		runs.Store(0)
		got := s.do(t, "POST", "/once", `{"names":["a"]}`)
		if p := got.problem(t); p.Type != web.ProblemSerialization || p.Status != 503 || got.Header.Get("Retry-After") != "1" || runs.Load() != 1 {
			t.Errorf("got %+v after %d runs", p, runs.Load())
		}
	})
}

func TestHandlePanicsAtRegistration(t *testing.T) {
	t.Parallel()
	eng, err := retort.Open(retort.Config{Base: things, URL: "postgres://127.0.0.1:1/none"})
	must(t, err)
	good := func(context.Context, *retort.Session, *createThing) (*Thing, error) { return nil, nil }
	for name, c := range map[string]struct {
		register func()
		want     []string
	}{
		"a_tag_of_another_answer": {
			func() { web.Handle(eng, good, web.ETag(version), web.Location(location)) },
			[]string{"web.ETag", "web.Location", "func(*web_test.thingView) string", "web_test.Thing"},
		},
		"an_input_that_cannot_be_read": {
			func() {
				web.Handle(eng, func(context.Context, *retort.Session, *struct{ C chan int }) (*Thing, error) { return nil, nil })
			},
			[]string{"web: Handle:", "C: chan int"},
		},
		"an_answer_that_cannot_be_written": {
			func() {
				web.HandleView(eng, good, func(*Thing) *struct{ F func() } { return nil })
			},
			[]string{"web: HandleView:", "F: func()"},
		},
		"no_engine":   {func() { web.Handle(nil, good) }, []string{"the engine is nil"}},
		"no_function": {func() { web.Handle[createThing, Thing](eng, nil) }, []string{"the function is nil"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				text := fmt.Sprint(recover())
				for _, want := range c.want {
					if !strings.Contains(text, want) {
						t.Errorf("got %q, want %q in it", text, want)
					}
				}
			}()
			c.register()
		})
	}
}
