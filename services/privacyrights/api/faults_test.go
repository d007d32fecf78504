package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest/proxy"
	"github.com/retort-go/retort/services/privacyrights/api"
	"github.com/retort-go/retort/services/privacyrights/internal/testdb"
)

const newRequest = `{"regime":"gdpr","right":"access","email":"new@example.org"}`

func TestDatabase_that_is_away_answers_503(t *testing.T) {
	t.Parallel()
	s := setupWithProxy(t)
	id := s.create("ann@example.org")
	s.proxy.RefuseConnections(true)
	s.proxy.ResetConnections()
	for _, call := range []struct{ method, path, body string }{
		{"GET", "/requests", ""},
		{"GET", "/requests/" + id, ""},
		{"POST", "/requests", newRequest},
		{"PATCH", "/requests/" + id, `{"note":"a"}`},
		{"POST", "/requests/" + id + "/transitions", `{"to":"denied"}`},
		{"GET", "/requests/" + id + "/history", ""},
		{"GET", "/audit-log", ""},
		{"GET", "/readyz", ""},
	} {
		a := s.do(call.method, call.path, call.body).want(t, http.StatusServiceUnavailable)
		isProblem(t, a)
		if call.path != "/readyz" && a.header.Get("X-Request-Id") == "" {
			t.Errorf("%s %s: the answer does not say which line of the log is its", call.method, call.path)
		}
		if seconds, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || seconds < 1 {
			t.Errorf("%s %s: Retry-After %q", call.method, call.path, a.header.Get("Retry-After"))
		}
	}
	s.do("GET", "/healthz", "").want(t, http.StatusOK)
	s.do("GET", "/", "").want(t, http.StatusOK)
	s.do("POST", "/requests", `{}`).want(t, http.StatusUnprocessableEntity)

	s.proxy.RefuseConnections(false)
	s.do("GET", "/requests/"+id, "").want(t, http.StatusOK)
	s.do("GET", "/readyz", "").want(t, http.StatusOK)
}

func TestConnections_that_died_idle_fail_no_request(t *testing.T) {
	t.Parallel()
	s := setupWithProxy(t)
	id := s.create("ann@example.org")
	for i := range 20 {
		s.proxy.ResetConnections()
		s.do("GET", "/requests/"+id, "").want(t, http.StatusOK)
		s.proxy.ResetConnections()
		s.create(fmt.Sprintf("p%d@example.org", i))
	}
}

func TestCommit_whose_answer_is_lost_is_reported_as_unknown(t *testing.T) {
	t.Parallel()
	s := setupWithProxy(t)
	s.create("ann@example.org")
	s.proxy.CutBefore(proxy.CommitReply)
	a := s.do("POST", "/requests", newRequest).want(t, http.StatusServiceUnavailable)
	if p := isProblem(t, a); p.Type != "/problems/commit-unknown" || a.header.Get("Retry-After") != "" {
		t.Errorf("%s with Retry-After %q", a.body, a.header.Get("Retry-After"))
	}
	// It was stored: a client that repeats it blindly is told so.
	a = s.do("POST", "/requests", newRequest)
	if n := s.db.QueryString(t, "SELECT count(*) FROM dsr_requests WHERE email = 'new@example.org'"); n != "1" {
		t.Errorf("%s rows, the repetition answered %d", n, a.status)
	}
}

func TestPanic_answers_500_and_stores_nothing(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	var log strings.Builder
	handler, err := api.New(api.Config{
		Engine: testdb.Open(t, db.URL()), Title: "T", Version: "V",
		Clock:  func() time.Time { panic("the clock is broken") },
		Logger: newLogger(&log),
	})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/requests", strings.NewReader(newRequest))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	a := answer{w.Code, w.Header(), w.Body.String()}
	isProblem(t, a.want(t, http.StatusInternalServerError))
	if strings.Contains(a.body, "clock") || !strings.Contains(log.String(), "the clock is broken") {
		t.Errorf("answer %s, log %s", a.body, log.String())
	}
	if n := db.QueryString(t, "SELECT count(*) FROM dsr_requests"); n != "0" {
		t.Errorf("%s rows", n)
	}
}

func TestUnexpectedError_is_logged_and_not_told(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	db.Exec(t, "DROP TABLE audit_log")
	var log strings.Builder
	handler, err := api.New(api.Config{Engine: testdb.Open(t, db.URL()), Title: "T", Version: "V", Logger: newLogger(&log)})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/audit-log", http.NoBody))
	a := answer{w.Code, w.Header(), w.Body.String()}
	p := isProblem(t, a.want(t, http.StatusInternalServerError))
	if p.Detail != "" || strings.Contains(a.body, "audit_log") {
		t.Errorf("the answer tells too much: %s", a.body)
	}
	if !strings.Contains(log.String(), "audit_log") || !strings.Contains(log.String(), "list-audit-log") {
		t.Errorf("the log tells too little: %s", log.String())
	}
}

func TestPrepared_gates_what_needs_tables(t *testing.T) {
	t.Parallel()
	db := testdb.New(t)
	var prepared atomic.Bool
	handler, err := api.New(api.Config{Engine: testdb.Open(t, db.URL()), Title: "T", Version: "V", Prepared: prepared.Load})
	if err != nil {
		t.Fatal(err)
	}
	statuses := func() map[string]int {
		got := map[string]int{}
		for _, path := range []string{"/", "/healthz", "/readyz", "/requests", "/audit-log", "/openapi.json"} {
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
			got[path] = w.Code
		}
		return got
	}
	want := map[string]int{"/": 200, "/healthz": 200, "/readyz": 503, "/requests": 503, "/audit-log": 503, "/openapi.json": 200}
	if diff := cmp.Diff(want, statuses()); diff != "" {
		t.Errorf("before (-want +got):\n%s", diff)
	}
	prepared.Store(true)
	want["/readyz"], want["/requests"], want["/audit-log"] = 200, 200, 200
	if diff := cmp.Diff(want, statuses()); diff != "" {
		t.Errorf("after (-want +got):\n%s", diff)
	}
}

func TestNew_wants_its_config(t *testing.T) {
	t.Parallel()
	eng, err := retort.Open(retort.Config{URL: "postgres://127.0.0.1:1/x?sslmode=disable"})
	if err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]api.Config{
		"no engine": {Title: "T", Version: "V"}, "no title": {Engine: eng, Version: "V"}, "no version": {Engine: eng, Title: "T"},
	} {
		if h, err := api.New(cfg); err == nil || h != nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := errors.Join(eng.Close(t.Context())); err != nil {
		t.Error(err)
	}
}
