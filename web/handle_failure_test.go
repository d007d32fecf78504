package web_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

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
	if log := s.log.String(); !strings.Contains(log, `"status":500`) || !strings.Contains(log, `"route":"POST /{mode}"`) || !strings.Contains(log, "secret canary") {
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

// What a webhook was answered is a fact of the delivery, not the answer about it.
func TestHandleViewAnswersForTheView(t *testing.T) {
	t.Parallel()
	s := newService(t)
	deliver := func(context.Context, *retort.Session, *struct{}) (*answered, error) { return &answered{404}, nil }
	s.mux.Handle("POST /deliveries", web.HandleView(s.Engine, deliver, func(a *answered) *string { return new(fmt.Sprint(a.Code)) }, s.logger()))
	if got := s.do(t, "POST", "/deliveries", ""); got.StatusCode != 200 || got.body != "\"404\"\n" {
		t.Errorf("%d %s %s", got.StatusCode, got.body, s.log)
	}
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
			code := []string{"40001", "40P01"}[n-1]
			_, err := sess.Exec(ctx, "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '"+code+"'; END $$")
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
