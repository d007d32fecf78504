package web_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Note is what the examples keep.
type Note struct {
	retort.BigintKey
	retort.Version
	Title string  `json:"title"`
	Text  *string `json:"text"`
}

// Define declares that titles are unique.
func (Note) Define(d *retort.Definition[Note]) { d.Unique(&d.C.Title) }

var (
	Notes    = retort.NewTable[Note]("notes")
	notebook = retort.NewBase(Notes)
)

// exampleTB lets an example, which has no testing.T, use the test kit.
type exampleTB struct {
	testing.TB
	cleanups []func()
}

func (*exampleTB) Helper()                        {}
func (*exampleTB) Name() string                   { return "Example" }
func (*exampleTB) Failed() bool                   { return false }
func (*exampleTB) Logf(string, ...any)            {}
func (*exampleTB) Errorf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }
func (*exampleTB) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }
func (e *exampleTB) Cleanup(f func())             { e.cleanups = append(e.cleanups, f) }

// exampleEngine is an engine on a database with the examples' tables.
func exampleEngine() (eng *retort.Engine, done func()) {
	tb := &exampleTB{}
	return retorttest.New(tb, notebook).Engine, func() {
		for len(tb.cleanups) > 0 {
			last := len(tb.cleanups) - 1
			f := tb.cleanups[last]
			tb.cleanups = tb.cleanups[:last]
			f()
		}
	}
}

// ask prints what a handler answers.
func ask(h http.Handler, method, path, body string) {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	text, _ := io.ReadAll(w.Body)
	line := fmt.Sprintln(method, path, "→", w.Code, w.Header().Get("Location"), string(text))
	fmt.Println(strings.Join(strings.Fields(line), " "))
}
