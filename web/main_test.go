package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"go.uber.org/goleak"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/schema"
	"github.com/retort-go/retort/web"
)

func TestMain(m *testing.M) {
	if servesInstead() {
		return
	}
	retorttest.Main(m, func() error { return goleak.Find() })
}

// Thing breaks in every way that a row can.
type Thing struct {
	retort.UUIDKey
	retort.Timestamps
	retort.Version
	Code  string // unique, checked at COMMIT
	Name  string // unique, checked at once
	Count int32  // above 0
	Note  *string
	Owner *uuid.UUID
}

func (Thing) Define(d *retort.Definition[Thing]) {
	d.Unique(&d.C.Code).Deferrable(schema.InitiallyDeferred)
	d.Unique(&d.C.Name).Name("uq_things_name")
	d.Check("count_positive", "count > 0")
	d.References(&d.C.Owner, &Things.C.ID)
}

var (
	Things = retort.NewTable[Thing]("things")
	keys   = web.NewIdempotency("idempotency_keys")
	proofs = retort.NewOutcomes("commit_outcomes")
	things = retort.NewBase(Things, keys.Table, proofs.Table)
)

// newThing is a valid row with a name and code of its own.
func newThing() *Thing {
	id := uuid.Must(uuid.NewV4()).String()
	return &Thing{Code: id, Name: id, Count: 1}
}

// service is a server on a database of its own.
type service struct {
	*retorttest.Kit
	mux *http.ServeMux
	srv *httptest.Server
	log *logged
}

func newService(tb testing.TB, change ...func(*retort.Config)) *service {
	tb.Helper()
	s := &service{Kit: retorttest.New(tb, things, change...), mux: http.NewServeMux(), log: &logged{}}
	s.srv = httptest.NewUnstartedServer(s.mux)
	s.srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // panics are the point
	s.srv.Start()
	tb.Cleanup(s.srv.Close)
	return s
}

// logger is an option: what is logged can be read.
func (s *service) logger() web.Option {
	return web.Logger(slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
}

// rows counts the things that are stored.
func (s *service) rows(tb testing.TB) int64 {
	tb.Helper()
	return s.QueryInt(tb, "SELECT count(*) FROM things")
}

// idle fails the test unless every connection comes back to the pool soon.
func (s *service) idle(tb testing.TB) {
	tb.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for s.Engine.Stats().InUse > 0 {
		if time.Now().After(deadline) {
			tb.Errorf("connections are still in use: %s", s.Engine.Stats())
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// reply is an answer, read to its end.
type reply struct {
	*http.Response
	body string
	err  error // no or half an answer
}

// problem decodes the body, which must be a problem.
func (r reply) problem(tb testing.TB) web.Problem {
	tb.Helper()
	var p web.Problem
	if r.err != nil {
		tb.Fatalf("no answer: %v", r.err)
	}
	if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
		tb.Fatalf("status %d, Content-Type %q, body %q", r.StatusCode, got, r.body)
	}
	if err := json.Unmarshal([]byte(r.body), &p); err != nil {
		tb.Fatalf("%v in %q", err, r.body)
	}
	if p.Status != r.StatusCode {
		tb.Errorf("status %d in the body, %d in the answer", p.Status, r.StatusCode)
	}
	return p
}

func (s *service) do(tb testing.TB, method, path, body string, header ...string) reply {
	tb.Helper()
	return fetch(tb.Context(), tb, s.srv.Client(), method, s.srv.URL+path, body, header...)
}

func fetch(ctx context.Context, tb testing.TB, client *http.Client, method, url, body string, header ...string) reply {
	tb.Helper()
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Content-Type" {
			r.Header.Del(header[i])
		}
		r.Header.Add(header[i], header[i+1])
	}
	res, err := client.Do(r)
	if err != nil {
		return reply{err: err}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return reply{res, string(text), err}
}

// logged gathers a log's lines.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
