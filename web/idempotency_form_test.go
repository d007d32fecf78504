package web_test

import (
	"bytes"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"testing"

	"github.com/retort-go/retort/web"
)

// upload is a form with a file; each one has another boundary, as a browser's have.
func upload(tb testing.TB, amount, file string) (body, contentType string) {
	tb.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	must(tb, form.WriteField("amount", amount))
	part, err := form.CreateFormFile("file", "a.txt")
	must(tb, err)
	_, err = part.Write([]byte(file))
	must(tb, err)
	must(tb, form.Close())
	return b.String(), form.FormDataContentType()
}

// A repeated form is the same request, and another one is none, also where a
// middleware (against CSRF, say) has parsed it before the key is looked at.
func TestKeyOfAnotherFormIsAnotherRequest(t *testing.T) {
	t.Parallel()
	s := newService(t)
	pay := web.Sessions(s.Engine, web.Idempotent(keys, account), s.logger())(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, r.PostFormValue("amount"))
	}))
	s.mux.Handle("POST /pay", pay)
	s.mux.Handle("POST /parsed/pay", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(10); err != nil && !errors.Is(err, http.ErrNotMultipart) {
			t.Error(err)
		}
		pay.ServeHTTP(w, r)
	}))
	for _, path := range []string{"/pay", "/parsed/pay"} {
		for name, form := range map[string]func(amount, file string) (string, string){
			"urlencoded": func(amount, file string) (string, string) {
				return url.Values{"amount": {amount}, "file": {file}}.Encode(), "application/x-www-form-urlencoded"
			},
			"multipart": func(amount, file string) (string, string) { return upload(t, amount, file) },
		} {
			t.Run(path+"_"+name, func(t *testing.T) {
				send := func(amount, file string) reply {
					body, contentType := form(amount, file)
					return s.do(t, "POST", path, body, "Content-Type", contentType, "X-Account", "ann", "Idempotency-Key", path+name)
				}
				first, again := send("1", "one"), send("1", "one")
				if first.body != "1" || again.body != "1" || again.Header.Get("Idempotency-Replayed") != "true" {
					t.Errorf("%d %s, then %d %s", first.StatusCode, first.body, again.StatusCode, again.body)
				}
				if got := send("2", "one"); got.StatusCode != http.StatusUnprocessableEntity {
					t.Errorf("another amount: %d %s", got.StatusCode, got.body)
				}
				if got := send("1", "two"); got.StatusCode != http.StatusUnprocessableEntity {
					t.Errorf("another file: %d %s", got.StatusCode, got.body)
				}
			})
		}
	}
}
