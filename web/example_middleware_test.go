package web_test

import (
	"fmt"
	"net/http"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// A plain handler finds its session in the request. A status of 400 and above
// rolls back.
func ExampleSessions() {
	eng, done := exampleEngine()
	defer done()

	create := func(w http.ResponseWriter, r *http.Request) {
		s := web.Session(r)
		s.Add(&Note{Title: r.PathValue("title")})
		if r.PathValue("title") == "Forbidden" {
			http.Error(w, "not that one", http.StatusForbidden)
			return
		}
		w.WriteHeader(http.StatusCreated)
	}
	count := func(w http.ResponseWriter, r *http.Request) {
		n, err := Notes.Query().Count(r.Context(), web.Session(r))
		if err != nil {
			web.ProblemOf(err).ServeHTTP(w, r)
			return
		}
		fmt.Fprintf(w, "%d notes", n)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("POST /notes/{title}", create)
	mux.HandleFunc("GET /notes", count)
	h := web.Sessions(eng)(mux)

	ask(h, "POST", "/notes/Emma", "")
	ask(h, "POST", "/notes/Forbidden", "")
	ask(h, "POST", "/notes/Emma", "")
	ask(h, "GET", "/notes", "")
	// Output:
	// POST /notes/Emma → 201
	// POST /notes/Forbidden → 403 not that one
	// POST /notes/Emma → 409 {"type":"/problems/unique","title":"Already exists","status":409,"detail":"Something with this value exists already.","constraint":"uq_notes_title","fields":["title"]}
	// GET /notes → 200 1 notes
}

// A long answer is streamed after the handler has committed what it changed.
func ExampleCommit() {
	eng, done := exampleEngine()
	defer done()

	export := func(w http.ResponseWriter, r *http.Request) {
		web.Session(r).Add(&Note{Title: "The list was asked for."})
		if err := web.Commit(r); err != nil {
			return // the client gets the problem
		}
		// From here on every line goes out as it is made.
		for n, err := range Notes.OrderBy(retort.Asc(&Notes.C.ID)).Iter(r.Context(), web.Session(r)) {
			if err != nil {
				panic(http.ErrAbortHandler) // too late for a status: cut the answer off
			}
			fmt.Fprintln(w, n.Title)
		}
	}
	mux := http.NewServeMux()
	mux.Handle("POST /export", web.Sessions(eng, web.Streaming())(http.HandlerFunc(export)))

	ask(mux, "POST", "/export", "")
	// Output:
	// POST /export → 200 The list was asked for.
}
