package web_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// A typed handler returns what it changed; the answer is sent when that is
// committed.
func ExampleHandle() {
	eng, done := exampleEngine()
	defer done()

	type createInput struct {
		Title string  `json:"title"`
		Text  *string `json:"text"`
	}
	create := func(_ context.Context, s *retort.Session, in *createInput) (*Note, error) {
		n := &Note{Title: in.Title, Text: in.Text}
		s.Add(n)
		return n, nil
	}
	type getInput struct {
		ID int64 `path:"id"`
	}
	get := func(ctx context.Context, s *retort.Session, in *getInput) (*Note, error) {
		return Notes.Get(ctx, s, in.ID)
	}

	mux := http.NewServeMux()
	mux.Handle("POST /notes", web.Handle(eng, create,
		web.Location(func(n *Note) string { return fmt.Sprintf("/notes/%d", n.ID) })))
	mux.Handle("GET /notes/{id}", web.Handle(eng, get))

	ask(mux, "POST", "/notes", `{"title":"Emma"}`)
	ask(mux, "GET", "/notes/1", "")
	ask(mux, "POST", "/notes", `{"title":"Emma"}`)
	ask(mux, "POST", "/notes", `{"titel":"Emma"}`)
	ask(mux, "GET", "/notes/2", "")
	// Output:
	// POST /notes → 201 /notes/1 {"id":1,"version":1,"title":"Emma","text":null}
	// GET /notes/1 → 200 {"id":1,"version":1,"title":"Emma","text":null}
	// POST /notes → 409 {"type":"/problems/unique","title":"Already exists","status":409,"detail":"Something with this value exists already.","constraint":"uq_notes_title","fields":["title"]}
	// POST /notes → 422 {"type":"/problems/invalid-input","title":"Invalid input","status":422,"detail":"The request does not fit what this route takes.","errors":[{"location":"body.titel","message":"is unknown"},{"location":"body.title","message":"is required"}]}
	// GET /notes/2 → 404 {"type":"/problems/not-found","title":"Not found","status":404}
}

// A view makes the answer from the confirmed object; a Field tells null from
// absent; IfMatch refuses to change what the client has not seen.
func ExampleHandleView() {
	eng, done := exampleEngine()
	defer done()

	type patchInput struct {
		ID    int64             `path:"id"`
		Match *string           `header:"If-Match"`
		Text  web.Field[string] `json:"text"`
	}
	type answer struct {
		Text    string `json:"text"`
		Version int64  `json:"version"`
	}
	tag := func(version int64) string { return strconv.FormatInt(version, 10) }
	patch := func(ctx context.Context, s *retort.Session, in *patchInput) (*Note, error) {
		n, err := Notes.Get(ctx, s, in.ID)
		if err != nil {
			return nil, err
		}
		if in.Match != nil {
			if err := web.IfMatch(*in.Match, tag(n.Version.Version)); err != nil {
				return nil, err
			}
		}
		if in.Text.Set {
			n.Text = in.Text.Pointer()
		}
		return n, nil
	}
	view := func(n *Note) *answer {
		a := &answer{Text: "none", Version: n.Version.Version}
		if n.Text != nil {
			a.Text = *n.Text
		}
		return a
	}

	ctx := context.Background()
	_, err := retort.Run(ctx, eng, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (*Note, error) {
		n := &Note{Title: "Emma"}
		s.Add(n)
		return n, nil
	})
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("PATCH /notes/{id}", web.HandleView(eng, patch, view,
		web.ETag(func(a *answer) string { return tag(a.Version) })))

	ask(mux, "PATCH", "/notes/1", `{"text":"a novel"}`)
	ask(mux, "PATCH", "/notes/1", `{}`)
	ask(mux, "PATCH", "/notes/1", `{"text":null}`)
	// Output:
	// PATCH /notes/1 → 200 {"text":"a novel","version":2}
	// PATCH /notes/1 → 200 {"text":"a novel","version":2}
	// PATCH /notes/1 → 200 {"text":"none","version":3}
}

// Other frameworks answer with the same problems.
func ExampleProblemOf() {
	err := fmt.Errorf("load the note: %w", retort.ErrNotFound)
	p := web.ProblemOf(err)
	fmt.Println(p.Status, p.Type, web.StatusOf(err))

	err = &web.Error{Status: 402, Title: "Payment required", Detail: "Pay first.", Err: fmt.Errorf("card refused")}
	fmt.Println(err)
	p = web.ProblemOf(err)
	fmt.Println(p.Status, p.Detail)
	// Output:
	// 404 /problems/not-found 404
	// web: 402 Payment required Pay first.: card refused
	// 402 Pay first.
}
