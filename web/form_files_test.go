package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"os"
	"testing"

	"github.com/retort-go/retort/web"
)

// net/http deletes the files of a form that it finds in the request which it made,
// and a handler parses the form of a copy of that one.
func TestFilesOfAFormAreDeleted(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	s := newService(t)
	upload := func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1); err != nil {
			t.Error(err)
		}
		if files, err := os.ReadDir(dir); err != nil || len(files) == 0 {
			t.Errorf("%v %v", files, err) // else the test shows nothing
		}
	}
	sessions := web.Sessions(s.Engine, web.ServerTiming())(http.HandlerFunc(upload))
	s.mux.Handle("POST /", sessions)
	s.mux.Handle("POST /all", web.Timed(s.Engine)(web.Labeled(sessions)))
	s.mux.Handle("POST /once", web.Sessions(s.Engine, web.Idempotent(keys, func(*http.Request) (string, error) { return "a", nil }))(http.HandlerFunc(upload)))
	for _, path := range []string{"/plain", "/all", "/once"} {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, err := form.CreateFormFile("file", "a.txt")
		must(t, err)
		_, err = part.Write(bytes.Repeat([]byte("a"), 100_000))
		must(t, err)
		must(t, form.Close())
		s.do(t, "POST", path, body.String(), "Content-Type", form.FormDataContentType(), web.IdempotencyHeader, "k")
		s.idle(t)
		eventually(t, "the files of "+path+" are deleted", func() bool { files, _ := os.ReadDir(dir); return len(files) == 0 })
	}
}
