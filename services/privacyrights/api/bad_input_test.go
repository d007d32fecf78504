package api_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/retort-go/retort/web"
)

// secret stands for what a client sends; no answer may repeat it.
const secret = "S3CRET"

func TestBadInput(t *testing.T) {
	t.Parallel()
	s := setup(t)
	id := s.create("ann@example.org")
	const post = `{"regime":"gdpr","right":"access","email":"new@example.org"`
	long := strings.Repeat("x", 10_001)
	tests := []struct {
		name, method, path, body string
		header                   string
		status                   int
		location                 string // of the first error; "" when none is named
	}{
		// bodies that cannot be read
		{"no body", "POST", "/requests", "", "", 400, "body"},
		{"only space", "POST", "/requests", " \n", "", 400, "body"},
		{"wrong JSON", "POST", "/requests", `{"note":"S3CRET`, "", 400, "body"},
		{"text after the object", "POST", "/requests", post + `} S3CRET`, "", 400, "body"},
		{"two objects", "POST", "/requests", post + `}{}`, "", 400, "body"},
		{"a comment", "POST", "/requests", post + `/* S3CRET */}`, "", 400, "body"},
		{"single quotes", "POST", "/requests", `{'note':'S3CRET'}`, "", 400, "body"},
		{"a byte order mark", "POST", "/requests", "\ufeff" + post + `}`, "", 400, "body"},
		{"UTF-16", "POST", "/requests", "\xff\xfe{\x00}\x00", "", 400, "body"},
		{"a raw NUL in a string", "POST", "/requests", post + ",\"note\":\"S3CRET\x00\"}", "", 400, "body"},
		{"an escaped NUL", "POST", "/requests", post + `,"note":"S3CRET\u0000"}`, "", 400, "body"},
		{"an escaped NUL in a name", "POST", "/requests", post + `,"n\u0000":"S3CRET"}`, "", 400, "body"},
		{"invalid UTF-8", "POST", "/requests", post + ",\"note\":\"S3CRET\xff\"}", "", 400, "body"},
		{"an overlong encoding", "POST", "/requests", post + ",\"note\":\"S3CRET\xc0\xaf\"}", "", 400, "body"},
		{"an encoded surrogate", "POST", "/requests", post + ",\"note\":\"S3CRET\xed\xa0\x80\"}", "", 400, "body"},
		{"half a surrogate pair", "POST", "/requests", post + `,"note":"S3CRET\ud800"}`, "", 400, "body"},
		{"a member twice", "POST", "/requests", post + `,"email":"S3CRET@example.org"}`, "", 400, "body.email"},
		{"a member twice, once escaped", "POST", "/requests", post + `,"\u0065mail":"S3CRET@example.org"}`, "", 400, "body.email"},
		{"a member in other case", "POST", "/requests", post + `,"Note":"S3CRET"}`, "", 400, "body.Note"},
		{"a member that folds to another", "POST", "/requests", `{"regime":"gdpr","right":"access","emaıl":"S3CRET"}`, "", 400, "body.emaıl"},
		{"a million brackets", "POST", "/requests", strings.Repeat("[", 1<<20-1), "", 400, "body"},
		{"deep nesting", "POST", "/requests", post + `,"note":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, "", 400, "body"},
		{"a body of 1 MiB and one byte", "POST", "/requests", post + `,"note":"` + strings.Repeat("x", 1<<20) + `"}`, "", 413, ""},
		{"a body just below 1 MiB", "POST", "/requests", post + `,"note":"` + strings.Repeat("x", 1<<20-len(post)-11) + `"}`, "", 422, "body.note"},

		// bodies that are not what the route takes
		{"an array", "POST", "/requests", `[]`, "", 422, "body"},
		{"null", "POST", "/requests", `null`, "", 422, "body"},
		{"a string", "POST", "/requests", `"S3CRET"`, "", 422, "body"},
		{"an empty object", "POST", "/requests", `{}`, "", 422, "body"},
		{"an unknown member", "POST", "/requests", post + `,"nope":"S3CRET"}`, "", 422, "body.nope"},
		{"a server-made member", "POST", "/requests", post + `,"status":"fulfilled"}`, "", 422, "body.status"},
		{"an unknown regime", "POST", "/requests", `{"regime":"S3CRET","right":"access","email":"a@b.c"}`, "", 422, "body.regime"},
		{"a regime in capitals", "POST", "/requests", `{"regime":"GDPR","right":"access","email":"a@b.c"}`, "", 422, "body.regime"},
		{"an empty regime", "POST", "/requests", `{"regime":"","right":"access","email":"a@b.c"}`, "", 422, "body.regime"},
		{"a regime of null", "POST", "/requests", `{"regime":null,"right":"access","email":"a@b.c"}`, "", 422, "body.regime"},
		{"an unknown right", "POST", "/requests", `{"regime":"gdpr","right":"S3CRET","email":"a@b.c"}`, "", 422, "body.right"},
		{"a number as right", "POST", "/requests", `{"regime":"gdpr","right":1,"email":"a@b.c"}`, "", 422, "body.right"},
		{"no address", "POST", "/requests", `{"regime":"gdpr","right":"access"}`, "", 422, "body"},
		{"an empty address", "POST", "/requests", `{"regime":"gdpr","right":"access","email":""}`, "", 422, "body.email"},
		{"an address of space", "POST", "/requests", `{"regime":"gdpr","right":"access","email":"  "}`, "", 422, "body.email"},
		{"an address without @", "POST", "/requests", `{"regime":"gdpr","right":"access","email":"S3CRET"}`, "", 422, "body.email"},
		{"an address with a name", "POST", "/requests", `{"regime":"gdpr","right":"access","email":"S3CRET <a@b.c>"}`, "", 422, "body.email"},
		{"an address of 255 bytes", "POST", "/requests", `{"regime":"gdpr","right":"access","email":"` + strings.Repeat("a", 251) + `@b.c"}`, "", 422, "body.email"},
		{"an address of a megabyte", "POST", "/requests", `{"regime":"gdpr","right":"access","email":"` + strings.Repeat("a", 1_000_000) + `@b.c"}`, "", 422, "body.email"},
		{"an address as an object", "POST", "/requests", `{"regime":"gdpr","right":"access","email":{"a":"S3CRET"}}`, "", 422, "body.email"},
		{"a note that is too long", "POST", "/requests", post + `,"note":"` + long + `"}`, "", 422, "body.note"},
		{"a number beyond every float", "POST", "/requests", post + `,"note":1e999}`, "", 400, "body.note"},
		{"a note that is a list", "POST", "/requests", post + `,"note":["S3CRET"]}`, "", 422, "body.note"},
		{"PATCH with a number", "PATCH", "/requests/" + id, `{"note":1}`, "", 422, "body.note"},
		{"PATCH with a long note", "PATCH", "/requests/" + id, `{"note":"` + long + `"}`, "", 422, "body.note"},
		{"PATCH of the status", "PATCH", "/requests/" + id, `{"status":"denied"}`, "", 422, "body.status"},
		{"PATCH with NUL", "PATCH", "/requests/" + id, `{"note":"\u0000"}`, "", 400, "body"},
		{"PATCH with null", "PATCH", "/requests/" + id, `null`, "", 422, "body"},
		{"a transition to nothing", "POST", "/requests/" + id + "/transitions", `{}`, "", 422, "body"},
		{"a transition to open", "POST", "/requests/" + id + "/transitions", `{"to":"open"}`, "", 422, "body.to"},
		{"a transition to an unknown status", "POST", "/requests/" + id + "/transitions", `{"to":"S3CRET"}`, "", 422, "body.to"},
		{"a long reason", "POST", "/requests/" + id + "/transitions", `{"to":"denied","reason":"` + long + `"}`, "", 422, "body.reason"},

		// how the body is declared
		{"no content type", "POST", "/requests", post + `}`, "Content-Type: ", 415, ""},
		{"a form", "POST", "/requests", "email=S3CRET", "Content-Type: application/x-www-form-urlencoded", 415, ""},
		{"another JSON", "POST", "/requests", post + `}`, "Content-Type: application/merge-patch+json", 415, ""},
		{"another charset", "POST", "/requests", post + `}`, "Content-Type: application/json; charset=latin1", 415, ""},
		{"a broken content type", "POST", "/requests", post + `}`, "Content-Type: application/json; =", 415, ""},
		{"a compressed body", "POST", "/requests", post + `}`, "Content-Encoding: gzip", 415, ""},

		// paths
		{"a bad id", "GET", "/requests/S3CRET", "", "", 422, "path.id"},
		{"an id of 31 digits", "GET", "/requests/0197e3a4-0000-7000-8000-00000000000", "", "", 422, "path.id"},
		{"an id in braces", "GET", "/requests/%7B0197e3a4-0000-7000-8000-000000000001%7D", "", "", 422, "path.id"},
		{"an id as a URN", "GET", "/requests/urn:uuid:0197e3a4-0000-7000-8000-000000000001", "", "", 422, "path.id"},
		{"an id without hyphens", "GET", "/requests/0197e3a4000070008000000000000001", "", "", 422, "path.id"},
		{"an id with NUL", "GET", "/requests/%00", "", "", 422, "path.id"},
		{"an id that is not UTF-8", "GET", "/requests/%ff%fe", "", "", 422, "path.id"},
		{"an endless id", "GET", "/requests/" + strings.Repeat("a", 8000), "", "", 422, "path.id"},
		{"a bad id for history", "GET", "/requests/S3CRET/history", "", "", 422, "path.id"},
		{"a bad id for PATCH", "PATCH", "/requests/S3CRET", `{"note":"a"}`, "", 422, "path.id"},
		{"a bad id for a transition", "POST", "/requests/S3CRET/transitions", `{"to":"denied"}`, "", 422, "path.id"},
		{"a path that is not there", "GET", "/S3CRET", "", "", 404, ""},
		{"a path below a leaf", "GET", "/requests/" + id + "/history/S3CRET", "", "", 404, ""},
		{"a method that is not there", "DELETE", "/requests/" + id, "", "", 405, ""},
		{"a method nobody knows", "BREW", "/requests", "", "", 405, ""},

		// queries
		{"limit 0", "GET", "/requests?limit=0", "", "", 422, "query.limit"},
		{"limit -1", "GET", "/requests?limit=-1", "", "", 422, "query.limit"},
		{"limit 101", "GET", "/requests?limit=101", "", "", 422, "query.limit"},
		{"a limit beyond int64", "GET", "/requests?limit=99999999999999999999", "", "", 422, "query.limit"},
		{"a limit at int64's end", "GET", "/requests?limit=9223372036854775807", "", "", 422, "query.limit"},
		{"a limit in words", "GET", "/requests?limit=S3CRET", "", "", 422, "query.limit"},
		{"a fractional limit", "GET", "/requests?limit=1.5", "", "", 422, "query.limit"},
		{"two limits", "GET", "/requests?limit=1&limit=2", "", "", 400, "query.limit"},
		{"an unknown status", "GET", "/requests?status=S3CRET", "", "", 422, "query.status"},
		{"an unknown regime", "GET", "/requests?regime=S3CRET", "", "", 422, "query.regime"},
		{"an unknown parameter", "GET", "/requests?nope=S3CRET", "", "", 422, "query.nope"},
		{"a parameter in capitals", "GET", "/requests?Limit=1", "", "", 422, "query.Limit"},
		{"a broken escape", "GET", "/requests?status=%zz", "", "", 400, "query"},
		{"a semicolon", "GET", "/requests?status=open;regime=gdpr", "", "", 400, "query"},
		{"NUL in a value", "GET", "/requests?status=%00", "", "", 400, "query"},
		{"a name that is not UTF-8", "GET", "/requests?%ff=1", "", "", 400, "query"},
		{"a cursor of junk", "GET", "/requests?after=S3CRET", "", "", 400, "query.after"},
		{"a cursor of NULs", "GET", "/requests?after=%00%00", "", "", 400, "query"},
		{"a cursor of As", "GET", "/requests?after=" + strings.Repeat("A", 44), "", "", 400, "query.after"},
		{"an endless cursor", "GET", "/requests?after=" + strings.Repeat("A", 5000), "", "", 422, "query.after"},
		{"an audit limit of 0", "GET", "/audit-log?limit=0", "", "", 422, "query.limit"},
		{"an audit limit of millions", "GET", "/audit-log?limit=1000000", "", "", 422, "query.limit"},
		{"an audit cursor of junk", "GET", "/audit-log?after=S3CRET", "", "", 400, "query.after"},
		{"an audit request of junk", "GET", "/audit-log?request_id=S3CRET", "", "", 422, "query.request_id"},
		{"a parameter where none is", "GET", "/requests/" + id + "?x=1", "", "", 422, "query.x"},

		// headers
		{"a broken If-Match", "PATCH", "/requests/" + id, `{"note":"a"}`, "If-Match: S3CRET", 400, "header.If-Match"},
		{"a broken If-None-Match", "GET", "/requests/" + id, "", "If-None-Match: S3CRET", 400, "header.If-None-Match"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var headers []string
			if tt.header != "" {
				headers = append(headers, tt.header)
			}
			a := s.do(tt.method, tt.path, tt.body, headers...).want(t, tt.status)
			p := isProblem(t, a)
			if tt.location != "" && (len(p.Errors) == 0 || p.Errors[0].Location != tt.location) {
				t.Errorf("want an error at %s: %s", tt.location, a.body)
			}
			if strings.Contains(a.body, secret) {
				t.Errorf("the answer repeats what was sent: %s", a.body)
			}
			if len(a.body) > 2000 {
				t.Errorf("an answer of %d bytes", len(a.body))
			}
		})
	}
	// Parallel subtests end before the cleanup of their parent runs.
	t.Cleanup(func() {
		if n := s.db.QueryString(t, "SELECT count(*) FROM dsr_requests"); n != "1" {
			t.Errorf("%s requests are stored, want the one made first", n)
		}
	})
}

// isProblem checks that an answer is a problem of RFC 9457 without values.
func isProblem(t testing.TB, a answer) web.Problem {
	t.Helper()
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q: %s", got, a.body)
	}
	var p web.Problem
	a.decode(t, &p) // refuses members like Huma's value
	if p.Status != a.status || p.Title == "" {
		t.Errorf("status %d, problem %s", a.status, a.body)
	}
	return p
}

// A client that promises more than it sends.
func TestBadInput_a_body_that_ends_early(t *testing.T) {
	t.Parallel()
	s := setup(t)
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string]string{
		"content length": "POST /requests HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"regime\"",
		"broken chunks":  "POST /requests HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{\r\n",
		"huge length":    "POST /requests HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 999999999999\r\n\r\n{",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", u.Host)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.WriteString(conn, raw); err != nil {
				t.Fatal(err)
			}
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			text, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != 400 && resp.StatusCode != 413 {
				t.Errorf("status %d: %s", resp.StatusCode, text)
			}
		})
	}
}

func TestGoodInput_in_unusual_dress(t *testing.T) {
	t.Parallel()
	s := setup(t)
	const body = ` { "email" : "ÉVA+%d@exämple.org" , "right":"\u0061ccess","regime":"gdpr","note":"\ud83d\ude00 \\u0000 \t ' \" $1 \u0001" } `
	for i, contentType := range []string{"application/json", "application/json; charset=UTF-8", "application/json ;charset=\"utf-8\"", "Application/JSON"} {
		a := s.do("POST", "/requests", fmt.Sprintf(body, i), "Content-Type: "+contentType, "Accept: text/html;q=2,,;").want(t, http.StatusCreated)
		if a.field(t, "email") != fmt.Sprintf("éva+%d@exämple.org", i) || a.field(t, "note") != "😀 \\u0000 \t ' \" $1 \u0001" {
			t.Error(a.body)
		}
		if a.header.Get("Content-Type") != "application/json" {
			t.Errorf("Content-Type %q", a.header.Get("Content-Type"))
		}
	}
	for _, note := range []string{"", strings.Repeat("é", 10_000), "</script>"} {
		text, err := json.Marshal(note)
		if err != nil {
			t.Fatal(err)
		}
		id := s.create(fmt.Sprintf("n%d@example.org", len(note)))
		a := s.do("PATCH", "/requests/"+id, `{"note":`+string(text)+`}`).want(t, http.StatusOK)
		if a.field(t, "note") != note {
			t.Errorf("a note of %d bytes came back as %d", len(note), len(a.field(t, "note")))
		}
	}
}

// FuzzBody sends any bytes as every body: never a 5xx, and always JSON.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"regime":"gdpr","right":"access","email":"a@b.c","note":"x"}`,
		`{"note":null}`, `{"note":"\ud800"}`, `{"to":"denied","reason":"x"}`, `{"to":"in_progress"}`,
		`{"regime":"ccpa","right":"opt_out","email":"İ@b.c"}`, "{\"note\":\"\x00\"}", `[{}]`, `{"note":1e400}`, `{"note":{"a":[1]}}`,
	} {
		f.Add([]byte(seed))
	}
	s := setup(f)
	id := s.create("fuzz@example.org")
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, call := range []struct{ method, path string }{
			{"POST", "/requests"}, {"PATCH", "/requests/" + id}, {"POST", "/requests/" + id + "/transitions"},
		} {
			a, err := s.try(call.method, call.path, string(body))
			if err != nil {
				t.Fatal(err)
			}
			if a.status >= 500 || !json.Valid([]byte(a.body)) {
				t.Errorf("%s %s %q: %d %s", call.method, call.path, body, a.status, a.body)
			}
		}
	})
}

// FuzzQuery sends any text as id, query and If-Match.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"limit=1&after=x", "status=open", "%00", "a;b", "after=" + strings.Repeat("A", 44), "limit=-0", `"3"`, "0197e3a4-0000-7000-8000-000000000001"} {
		f.Add(seed)
	}
	s := setup(f)
	s.create("fuzz@example.org")
	f.Fuzz(func(t *testing.T, text string) {
		for _, path := range []string{
			"/requests?" + url.PathEscape(text), "/requests?after=" + url.QueryEscape(text), "/requests?limit=" + url.QueryEscape(text),
			"/audit-log?request_id=" + url.QueryEscape(text), "/requests/" + url.PathEscape(text), "/requests/" + url.PathEscape(text) + "/history",
		} {
			a, err := s.try("GET", path, "")
			if err != nil {
				continue // net/http would not send it
			}
			if a.status >= 500 || a.status >= 400 && !json.Valid([]byte(a.body)) {
				t.Errorf("GET %s: %d %s", path, a.status, a.body)
			}
		}
	})
}
