package guidetest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/web"
)

type NewBook struct {
	Author uuid.UUID `path:"author"`
	Title  string    `json:"title"`
	Genre  Genre     `json:"genre"`
	Rank   *int32    `json:"rank"`
}

func addBook(_ context.Context, s *retort.Session, in *NewBook) (*Book, error) {
	b := &Book{AuthorID: in.Author, Title: in.Title, Genre: in.Genre, Rank: in.Rank}
	s.Add(b)
	return b, nil
}

// Validate is asked before a session exists.
func (in *NewBook) Validate() error {
	if strings.TrimSpace(in.Title) == "" {
		return web.Invalid("body.title", "must not be blank")
	}
	return nil
}

type Rename struct {
	ID    uuid.UUID `path:"id"`
	Match string    `header:"If-Match"`
	Name  string    `json:"name"`
}

func rename(ctx context.Context, s *retort.Session, in *Rename) (*Author, error) {
	a, err := Authors.Get(ctx, s, in.ID)
	if err != nil {
		return nil, err // no such row: 404
	}
	if err := web.IfMatch(in.Match, version(a)); err != nil {
		return nil, err // the client saw an older version: 412
	}
	if a.TenantID == 8 {
		return nil, &web.Error{Status: http.StatusForbidden, Detail: "Authors of this tenant keep their names."}
	}
	a.Name = in.Name
	return a, nil
}

func version(a *Author) string { return strconv.FormatInt(a.Version.Version, 10) }

// libraryRoutes is what the guide to HTTP shows.
func libraryRoutes(eng *retort.Engine, key []byte) http.Handler {
	mux := http.NewServeMux()

	mux.Handle("POST /authors/{author}/books", web.Handle(eng, addBook,
		web.Location(func(b *Book) string { return "/books/" + b.ID.String() })))
	mux.Handle("PUT /authors/{id}/name", web.Handle(eng, rename,
		web.ETag(version), web.Repeatable(), web.TimeLimit(5*time.Second)))

	pages := web.Paginate(key, Books.Query())
	web.SortBy(pages, "title", &Books.C.Title)
	mux.Handle("GET /books", web.Sessions(eng)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, err := pages.Read(r.Context(), web.Session(r), r.URL.Query())
		if err != nil {
			web.ProblemOf(err).ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(page) // into a buffer, until COMMIT
	})))

	mux.Handle("GET /healthz", web.Healthz())
	mux.Handle("GET /readyz", web.Readyz(eng))
	return mux
}

// serveLibrary is the guide's main.
func serveLibrary(ctx context.Context, url string, key []byte, ready func(string)) error {
	eng, err := retort.Open(retort.Config{Base: Library, URL: url, Logger: slog.Default()})
	if err != nil {
		return err
	}
	ctx, stop := web.Signals(ctx)
	defer stop()
	return web.Serve(ctx, web.ServerConfig{Handler: libraryRoutes(eng, key), Engine: eng, Addr: "127.0.0.1:0", Ready: ready})
}

func TestHTTP(t *testing.T) {
	t.Parallel()
	k := newLibrary(t)
	mux := libraryRoutes(k.Engine, []byte("sixteen bytes or more"))
	ask := func(method, target, body string, header ...string) (*httptest.ResponseRecorder, string) {
		r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
		if body != "" {
			r.Header.Set("Content-Type", "application/json")
		}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w, w.Body.String()
	}
	austen := k.QueryString(t, "SELECT id FROM authors WHERE name = 'Austen'")
	carroll := k.QueryString(t, "SELECT id FROM authors WHERE name = 'Carroll'")
	book := `{"title":"Sanditon","genre":"novel"}`

	w, text := ask("POST", "/authors/"+austen+"/books", book)
	if w.Code != http.StatusCreated || !strings.HasPrefix(w.Header().Get("Location"), "/books/") {
		t.Errorf("%d %s", w.Code, text)
	}
	for _, tt := range []struct {
		method, target, body string
		code                 int
		want                 string
	}{
		{"POST", "/authors/" + austen + "/books", book, 409, "/problems/unique"},
		{"POST", "/authors/" + uuid.Must(uuid.NewV7()).String() + "/books", book, 409, "/problems/foreign-key"},
		{"POST", "/authors/" + austen + "/books", `{"title":" ","genre":"novel"}`, 422, "must not be blank"},
		{"POST", "/authors/" + austen + "/books", `{"title":"x"}`, 422, `"body.genre","message":"is required"`},
		{"POST", "/authors/" + austen + "/books", `{"title":"x","genre":"novel","pages":1}`, 422, `"body.pages","message":"is unknown"`},
		{"POST", "/authors/x/books", book, 422, "path.author"},
		{"GET", "/books?limit=1&sort=-title", "", 200, `"next":"`},
		{"GET", "/books?sort=sold", "", 400, "/problems/malformed-input"},
		{"GET", "/healthz", "", 200, "ok"},
		{"GET", "/readyz", "", 200, "ready"},
	} {
		if w, text := ask(tt.method, tt.target, tt.body); w.Code != tt.code || !strings.Contains(text, tt.want) {
			t.Errorf("%s %s %s: %d %s, want %d with %s", tt.method, tt.target, tt.body, w.Code, text, tt.code, tt.want)
		}
	}
	for _, tt := range []struct {
		id, match string
		code      int
	}{{austen, `"1"`, 200}, {austen, `"1"`, 412}, {carroll, `"1"`, 403}, {uuid.Must(uuid.NewV7()).String(), `"1"`, 404}} {
		if w, text := ask("PUT", "/authors/"+tt.id+"/name", `{"name":"Jane"}`, "If-Match", tt.match); w.Code != tt.code {
			t.Errorf("%s: %d %s, want %d", tt.id, w.Code, text, tt.code)
		}
	}
}

func TestHTTP_serve(t *testing.T) {
	t.Parallel()
	db := retorttest.NewDatabase(t, retorttest.Template{})
	ctx, stop := context.WithCancel(t.Context())
	answer := ""
	err := serveLibrary(ctx, db.URL(), []byte("sixteen bytes or more"), func(url string) {
		defer stop()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", http.NoBody)
		must(t, err)
		res, err := http.DefaultClient.Do(r)
		must(t, err)
		must(t, res.Body.Close())
		answer = fmt.Sprint(res.StatusCode)
	})
	if err != nil || answer != "200" {
		t.Errorf("%v, %s", err, answer)
	}
}
