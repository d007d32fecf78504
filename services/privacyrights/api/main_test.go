package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/retorttest/proxy"
	"github.com/retort-go/retort/services/privacyrights/api"
	"github.com/retort-go/retort/services/privacyrights/internal/testdb"
)

func TestMain(m *testing.M) {
	retorttest.Main(m, func() error { return goleak.Find() })
}

// received is what the clock of every test shows, unless the test moves it.
var received = time.Date(2026, time.January, 31, 12, 0, 0, 0, time.UTC)

// service is the API over real HTTP on a database of its own.
type service struct {
	t      testing.TB
	db     *retorttest.Database
	proxy  *proxy.Proxy // nil unless setupWithProxy
	url    string
	client *http.Client
	clock  atomic.Pointer[time.Time]
}

func setup(t testing.TB) *service {
	t.Helper()
	db := testdb.New(t)
	return serve(t, &service{t: t, db: db}, db.URL())
}

func setupWithProxy(t testing.TB) *service {
	t.Helper()
	db := testdb.New(t)
	p := proxy.Start(t, db.URL())
	return serve(t, &service{t: t, db: db, proxy: p}, p.URL())
}

func serve(t testing.TB, s *service, databaseURL string) *service {
	t.Helper()
	s.at(received)
	handler, err := api.New(api.Config{
		Engine: testdb.Open(t, databaseURL), Title: "Privacy Rights API", Version: "1.2.3",
		Clock: func() time.Time { return *s.clock.Load() },
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	s.url = server.URL
	transport := &http.Transport{MaxIdleConnsPerHost: 32}
	t.Cleanup(transport.CloseIdleConnections)
	s.client = &http.Client{Transport: transport}
	return s
}

func (s *service) at(now time.Time) { s.clock.Store(&now) }

// answer is a response that was read whole.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request; headers are "Name: value". A body is sent as JSON unless a
// header says otherwise.
func (s *service) do(method, path, body string, headers ...string) answer {
	s.t.Helper()
	a, err := s.try(method, path, body, headers...)
	if err != nil {
		s.t.Fatal(err)
	}
	return a
}

func (s *service) try(method, path, body string, headers ...string) (answer, error) {
	var reader io.Reader = http.NoBody
	if method == http.MethodPost || method == http.MethodPatch {
		reader = strings.NewReader(body)
	}
	// Not s.t.Context(): a fuzz target must not use the outer test.
	r, err := http.NewRequestWithContext(context.Background(), method, s.url+path, reader)
	if err != nil {
		return answer{}, err
	}
	if reader != http.NoBody {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if value == "" {
			r.Header.Del(name)
			continue
		}
		if name == "Content-Type" {
			r.Header.Del(name)
		}
		r.Header.Add(name, value)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(text)}, err
}

// want fails the test when the status differs.
func (a answer) want(t testing.TB, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// field reads a member of the answer's object; its string form, "null" for null.
func (a answer) field(t testing.TB, name string) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(a.body), &object); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	v, ok := object[name]
	if !ok {
		t.Fatalf("no %s in %s", name, a.body)
	}
	if text, ok := v.(string); ok {
		return text
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// decode reads the answer into v and accepts no member that v lacks.
func (a answer) decode(t testing.TB, v any) {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader([]byte(a.body)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
}

// create stores an open request of email and returns its id.
func (s *service) create(email string) string {
	s.t.Helper()
	return s.do("POST", "/requests", `{"regime":"gdpr","right":"access","email":"`+email+`"}`).
		want(s.t, http.StatusCreated).field(s.t, "id")
}

var (
	anyTime = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	anyUUID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
)

// plain replaces what differs from run to run.
func plain(body string) string {
	return strings.TrimSpace(anyUUID.ReplaceAllString(anyTime.ReplaceAllString(body, "TIME"), "ID"))
}
