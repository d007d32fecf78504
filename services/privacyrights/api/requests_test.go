package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/services/privacyrights/api"
)

func TestService_tells_its_name(t *testing.T) {
	t.Parallel()
	s := setup(t)
	got := s.do("GET", "/", "").want(t, http.StatusOK)
	if diff := cmp.Diff(`{"service":"Privacy Rights API","version":"1.2.3"}`+"\n", got.body); diff != "" {
		t.Errorf("GET / (-want +got):\n%s", diff)
	}
	s.do("GET", "/healthz", "").want(t, http.StatusOK)
	s.do("GET", "/readyz", "").want(t, http.StatusOK)
}

func TestCreate(t *testing.T) {
	t.Parallel()
	s := setup(t)
	got := s.do("POST", "/requests", `{"regime":"gdpr","right":"access","email":" Ann@Example.org ","note":"By post ✉"}`).want(t, http.StatusCreated)

	var r api.Request
	got.decode(t, &r)
	if want := "/requests/" + r.ID.String(); got.header.Get("Location") != want {
		t.Errorf("Location %q, want %q", got.header.Get("Location"), want)
	}
	if got.header.Get("ETag") != `"1"` || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", got.header)
	}
	note := "By post ✉"
	want := api.Request{
		ID: r.ID, Regime: "gdpr", Right: "access", Email: "ann@example.org", Status: "open", Note: &note, Version: 1,
		ReceivedAt: received, DueAt: time.Date(2026, 2, 28, 22, 59, 59, 999999000, time.UTC), CreatedAt: r.CreatedAt, UpdatedAt: r.CreatedAt,
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("POST /requests (-want +got):\n%s", diff)
	}
	if r.ID.IsNil() || r.CreatedAt.IsZero() || r.CreatedAt.Location() != time.UTC {
		t.Errorf("id %s, created_at %s", r.ID, r.CreatedAt)
	}
	read := s.do("GET", got.header.Get("Location"), "").want(t, http.StatusOK)
	if diff := cmp.Diff(got.body, read.body); diff != "" {
		t.Errorf("GET differs from POST:\n%s", diff)
	}
	for table, rows := range map[string]string{"dsr_requests": "1", "dsr_status_history": "1", "audit_log": "1"} {
		if n := s.db.QueryString(t, "SELECT count(*) FROM "+table); n != rows {
			t.Errorf("%s has %s rows, want %s", table, n, rows)
		}
	}
}

func TestCreate_due_dates_and_every_right(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.at(time.Date(2028, 1, 31, 23, 30, 0, 0, time.UTC)) // 1 February in Brussels, 31 January in Los Angeles
	for regime, due := range map[string]string{"gdpr": "2028-03-01T22:59:59.999999Z", "ccpa": "2028-03-17T06:59:59.999999Z"} {
		for _, right := range []string{"access", "deletion", "correction", "portability", "opt_out"} {
			body := fmt.Sprintf(`{"regime":%q,"right":%q,"email":"ann@example.org"}`, regime, right)
			got := s.do("POST", "/requests", body).want(t, http.StatusCreated)
			if got.field(t, "due_at") != due || got.field(t, "note") != "null" {
				t.Errorf("%s %s: %s, want due %s", regime, right, got.body, due)
			}
		}
	}
}

func TestCreate_one_open_request_per_person_right_and_regime(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.create("ann@example.org")
	again := `{"regime":"gdpr","right":"access","email":"ANN@example.org"}`
	got := s.do("POST", "/requests", again).want(t, http.StatusConflict)
	want := `{"type":"/problems/already-open","title":"Already open","status":409,"detail":"This person has an open request for this right under this regime.","constraint":"uq_dsr_requests_one_open","fields":["email","regime","right"]}`
	if diff := cmp.Diff(want, plain(got.body)); diff != "" {
		t.Errorf("the second request (-want +got):\n%s", diff)
	}
	if got.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("Content-Type %q", got.header.Get("Content-Type"))
	}
	if n := s.db.QueryString(t, "SELECT count(*) FROM audit_log"); n != "1" {
		t.Errorf("%s entries in the audit log: the refused request left one", n)
	}
	s.do("POST", "/requests/"+id+"/transitions", `{"to":"revoked"}`).want(t, http.StatusOK)
	s.do("POST", "/requests", again).want(t, http.StatusCreated)
}

func TestGet(t *testing.T) {
	t.Parallel()
	s := setup(t)
	path := "/requests/" + s.create("ann@example.org")
	if got := s.do("GET", path, "").want(t, http.StatusOK); got.header.Get("ETag") != `"1"` {
		t.Errorf("ETag %q", got.header.Get("ETag"))
	}
	if got := s.do("HEAD", path, "").want(t, http.StatusOK); got.body != "" || got.header.Get("ETag") != `"1"` {
		t.Errorf("HEAD: %+v", got)
	}
	for header, status := range map[string]int{`"1"`: 304, `W/"1"`: 304, `"0", "1"`: 304, `*`: 304, `"2"`: 200} {
		got := s.do("GET", path, "", "If-None-Match: "+header).want(t, status)
		if status == 304 && (got.body != "" || got.header.Get("ETag") != `"1"`) {
			t.Errorf("If-None-Match %s: %+v", header, got)
		}
	}
	got := s.do("GET", "/requests/0197e3a4-0000-7000-8000-000000000001", "").want(t, http.StatusNotFound)
	if diff := cmp.Diff(`{"type":"/problems/not-found","title":"Not found","status":404,"detail":"There is no request with this id."}`, plain(got.body)); diff != "" {
		t.Errorf("a request that is not there (-want +got):\n%s", diff)
	}
}

func TestPatch(t *testing.T) {
	t.Parallel()
	s := setup(t)
	path := "/requests/" + s.create("ann@example.org")
	steps := []struct{ name, body, note, etag string }{
		{"sets a note", `{"note":"a"}`, "a", `"2"`},
		{"leaves an absent note", `{}`, "a", `"2"`},
		{"does not write an equal note", `{"note":"a"}`, "a", `"2"`},
		{"changes it", `{"note":"b"}`, "b", `"3"`},
		{"stores an empty note", `{"note":""}`, "", `"4"`},
		{"clears it", `{"note":null}`, "null", `"5"`},
		{"clears it once", `{"note":null}`, "null", `"5"`},
	}
	for _, st := range steps {
		got := s.do("PATCH", path, st.body).want(t, http.StatusOK)
		if got.field(t, "note") != st.note || got.header.Get("ETag") != st.etag {
			t.Errorf("%s: %s with %s", st.name, got.body, got.header.Get("ETag"))
		}
		var r api.Request
		got.decode(t, &r)
		if r.UpdatedAt.Before(r.CreatedAt) || r.Version > 1 && r.UpdatedAt.Equal(r.CreatedAt) {
			t.Errorf("%s: updated_at %s, created_at %s", st.name, r.UpdatedAt, r.CreatedAt)
		}
		if read := s.do("GET", path, "").want(t, http.StatusOK); read.body != got.body {
			t.Errorf("%s: PATCH said %s, GET says %s", st.name, got.body, read.body)
		}
	}
	want := []string{`{"cleared": false}`, `{"cleared": false}`, `{"cleared": false}`, `{"cleared": true}`}
	if diff := cmp.Diff(want, s.db.Rows(t, "SELECT details FROM audit_log WHERE action = 'note_changed' ORDER BY id")); diff != "" {
		t.Errorf("audit_log (-want +got):\n%s", diff)
	}
	s.do("PATCH", "/requests/0197e3a4-0000-7000-8000-000000000001", `{"note":"a"}`).want(t, http.StatusNotFound)
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		header string
		status int
	}{
		{`"1"`, 200},
		{`*`, 200},
		{`"9", "1"`, 200},
		{`"2"`, 412},
		{`W/"1"`, 412}, // If-Match compares strongly
		{`"9", "8"`, 412},
		{`""`, 412},
		{`1`, 400},
		{`"1`, 400},
		{`"1" "2"`, 400},
		{`,`, 400},
	}
	for _, method := range []string{"PATCH", "POST"} {
		for _, tt := range tests {
			t.Run(method+" "+tt.header, func(t *testing.T) {
				t.Parallel()
				s := setup(t)
				path, body := "/requests/"+s.create("ann@example.org"), `{"note":"a"}`
				if method == "POST" {
					path, body = path+"/transitions", `{"to":"in_progress"}`
				}
				got := s.do(method, path, body, "If-Match: "+tt.header).want(t, tt.status)
				wrote := s.db.QueryString(t, "SELECT version > 1 FROM dsr_requests") == "t"
				if wrote != (tt.status == 200) {
					t.Errorf("answered %d, written: %t", got.status, wrote)
				}
				if tt.status == 412 && got.field(t, "type") != "/problems/precondition-failed" {
					t.Error(got.body)
				}
			})
		}
	}
	t.Run("several headers are one list", func(t *testing.T) {
		t.Parallel()
		s := setup(t)
		path := "/requests/" + s.create("ann@example.org")
		s.do("PATCH", path, `{"note":"a"}`, `If-Match: "9"`, `If-Match: "1"`).want(t, http.StatusOK)
	})
	t.Run("a version that changes meanwhile is 412", func(t *testing.T) {
		t.Parallel()
		s := setup(t)
		path := "/requests/" + s.create("ann@example.org")
		// Whoever reads it after the lock is taken finds version 1 and writes too late.
		conn := s.db.Conn(t)
		if _, err := conn.Exec(t.Context(), "BEGIN; UPDATE dsr_requests SET version = version + 1"); err != nil {
			t.Fatal(err)
		}
		answers := make(chan answer, 2)
		for _, header := range []string{`If-Match: "1"`, "X-None: x"} {
			go func() {
				a, _ := s.try("PATCH", path, `{"note":"a"}`, header)
				answers <- a
			}()
		}
		waitForBlocked(t, s, 2)
		if _, err := conn.Exec(t.Context(), "COMMIT"); err != nil {
			t.Fatal(err)
		}
		types := map[int]string{}
		for range 2 {
			a := <-answers
			types[a.status] = a.field(t, "type")
		}
		want := map[int]string{412: "/problems/precondition-failed", 409: "/problems/stale"}
		if diff := cmp.Diff(want, types); diff != "" {
			t.Errorf("answers (-want +got):\n%s", diff)
		}
	})
}

// waitForBlocked waits until n statements wait for a lock.
func waitForBlocked(t *testing.T, s *service, n int) {
	t.Helper()
	for begin := time.Now(); time.Since(begin) < 10*time.Second; time.Sleep(5 * time.Millisecond) {
		if s.db.QueryString(t, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == fmt.Sprint(n) {
			return
		}
	}
	t.Fatalf("no %d statements wait for a lock", n)
}

func TestList(t *testing.T) {
	t.Parallel()
	s := setup(t)
	const people = 7
	for i := range people {
		// Pairs share a time of receipt: the id has to break the tie.
		s.at(received.Add(time.Duration(i/2) * time.Hour))
		id := s.create(fmt.Sprintf("p%d@example.org", i))
		if i%2 == 0 {
			s.do("POST", "/requests/"+id+"/transitions", `{"to":"in_progress"}`).want(t, http.StatusOK)
		}
	}
	s.do("POST", "/requests", `{"regime":"ccpa","right":"opt_out","email":"p9@example.org"}`).want(t, http.StatusCreated)

	all := s.pages(t, "/requests?", 100)
	if len(all) != people+1 {
		t.Fatalf("%d requests", len(all))
	}
	for i := 1; i < len(all); i++ {
		a, b := all[i-1], all[i]
		if a.ReceivedAt.Before(b.ReceivedAt) || a.ReceivedAt.Equal(b.ReceivedAt) && a.ID.String() <= b.ID.String() {
			t.Errorf("out of order: %s %s before %s %s", a.ReceivedAt, a.ID, b.ReceivedAt, b.ID)
		}
	}
	for _, limit := range []int{1, 2, 3, 7, 8} {
		if diff := cmp.Diff(all, s.pages(t, "/requests?", limit)); diff != "" {
			t.Errorf("pages of %d (-whole +paged):\n%s", limit, diff)
		}
	}
	for query, want := range map[string]int{
		"/requests?status=open&": 4, "/requests?status=in_progress&": 4, "/requests?status=denied&": 0,
		"/requests?regime=gdpr&": 7, "/requests?regime=ccpa&": 1, "/requests?regime=ccpa&status=in_progress&": 0,
		"/requests?status=&regime=&": 8,
	} {
		if got := len(s.pages(t, query, 2)); got != want {
			t.Errorf("%s: %d requests, want %d", query, got, want)
		}
	}
	if got := s.do("GET", "/requests?status=denied", "").want(t, http.StatusOK); plain(got.body) != `{"items":[],"next":null}` {
		t.Errorf("an empty list: %s", got.body)
	}
	if got := s.do("GET", "/requests?limit=8", "").want(t, http.StatusOK); got.field(t, "next") != "null" {
		t.Errorf("a page that holds all names a next one: %s", got.body)
	}
}

// pages follows next to the end.
func (s *service) pages(t *testing.T, query string, limit int) []api.Request {
	t.Helper()
	var all []api.Request
	after := ""
	for range 100 {
		got := s.do("GET", fmt.Sprintf("%slimit=%d%s", query, limit, after), "").want(t, http.StatusOK)
		var page api.RequestPage
		got.decode(t, &page)
		if len(page.Items) > limit {
			t.Fatalf("%d items on a page of %d", len(page.Items), limit)
		}
		all = append(all, page.Items...)
		if page.Next == nil {
			return all
		}
		after = "&after=" + *page.Next
	}
	t.Fatal("the pages do not end")
	return nil
}

func TestList_a_cursor_belongs_to_its_filters(t *testing.T) {
	t.Parallel()
	s := setup(t)
	s.create("a@example.org")
	s.create("b@example.org")
	next := s.do("GET", "/requests?limit=1&status=open", "").want(t, http.StatusOK).field(t, "next")
	s.do("GET", "/requests?limit=5&status=open&after="+next, "").want(t, http.StatusOK) // another limit is fine
	for _, query := range []string{"after=" + next, "status=denied&after=" + next, "status=open&regime=gdpr&after=" + next} {
		got := s.do("GET", "/requests?"+query, "").want(t, http.StatusBadRequest)
		if !strings.Contains(got.body, `"location":"query.after"`) {
			t.Error(got.body)
		}
	}
	s.do("GET", "/audit-log?after="+next, "").want(t, http.StatusBadRequest)
}
