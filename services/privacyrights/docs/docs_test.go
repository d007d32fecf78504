package docs_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/retort-go/retort/services/privacyrights/docs"
)

func TestRegister(t *testing.T) {
	t.Parallel()

	t.Run("serves pages that load only what is there", func(t *testing.T) {
		t.Parallel()
		mux := setup(t, "Privacy rights")
		for _, path := range []string{"/docs", "/redoc"} {
			page := get(t, mux, path)
			if page.Code != http.StatusOK || page.Header().Get("Content-Type") != "text/html; charset=utf-8" {
				t.Fatalf("GET %s: %d, %s", path, page.Code, page.Header().Get("Content-Type"))
			}
			links := regexp.MustCompile(`(?:src|href)="(/docs/[^"]+)"`).FindAllStringSubmatch(page.Body.String(), -1)
			if len(links) < 3 {
				t.Fatalf("GET %s links %d files, want at least a style and two scripts:\n%s", path, len(links), page.Body)
			}
			for _, link := range links {
				if got := get(t, mux, link[1]); got.Code != http.StatusOK || got.Body.Len() == 0 {
					t.Errorf("GET %s: %d, %d bytes", link[1], got.Code, got.Body.Len())
				}
			}
			if strings.Contains(page.Body.String(), "//") {
				t.Errorf("GET %s names another host:\n%s", path, page.Body)
			}
		}
	})

	t.Run("names the document and the title, escaped", func(t *testing.T) {
		t.Parallel()
		mux := setup(t, `</title><script>alert("x")</script>`)
		page := get(t, mux, "/docs").Body.String()
		if !strings.Contains(page, `data-openapi="/openapi.json"`) {
			t.Errorf("the page does not name its document:\n%s", page)
		}
		if strings.Contains(page, "<script>alert") {
			t.Errorf("the title is not escaped:\n%s", page)
		}
	})

	t.Run("lets no script run inline and nothing come from elsewhere", func(t *testing.T) {
		t.Parallel()
		mux := setup(t, "Privacy rights")
		for _, path := range []string{"/docs", "/redoc", "/docs/assets/redoc.js"} {
			head := get(t, mux, path).Header()
			policy := head.Get("Content-Security-Policy")
			for _, want := range []string{"default-src 'none'", "script-src 'self';", "connect-src 'self'", "frame-ancestors 'none'"} {
				if !strings.Contains(policy, want) {
					t.Errorf("GET %s: policy %q lacks %q", path, policy, want)
				}
			}
			if got := head.Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("GET %s: X-Content-Type-Options %q", path, got)
			}
		}
		if page := get(t, mux, "/docs").Body.String(); regexp.MustCompile(`<script>|<style>| on[a-z]+=`).MatchString(page) {
			t.Errorf("the page holds inline code:\n%s", page)
		}
	})

	t.Run("ships the licenses", func(t *testing.T) {
		t.Parallel()
		mux := setup(t, "Privacy rights")
		for path, want := range map[string]string{
			"/docs/assets/swagger-ui-dist-5.35.0/LICENSE":                          "Apache License",
			"/docs/assets/swagger-ui-dist-5.35.0/NOTICE":                           "SmartBear",
			"/docs/assets/swagger-ui-dist-5.35.0/swagger-ui-bundle.js.LICENSE.txt": "MIT",
			"/docs/assets/redoc-2.5.4/LICENSE":                                     "MIT",
			"/docs/assets/redoc-2.5.4/redoc.standalone.js.LICENSE.txt":             "ReDoc",
		} {
			got := get(t, mux, path)
			if got.Header().Get("Content-Type") != "text/plain; charset=utf-8" || !strings.Contains(got.Body.String(), want) {
				t.Errorf("GET %s: %d, %s, without %q", path, got.Code, got.Header().Get("Content-Type"), want)
			}
		}
	})

	t.Run("answers 404 for what it does not have and 405 for other methods", func(t *testing.T) {
		t.Parallel()
		mux := setup(t, "Privacy rights")
		for _, path := range []string{
			"/docs/assets/", "/docs/assets/page.html", "/docs/assets/redoc-2.5.4", "/docs/assets/x.js",
			"/docs/assets/redoc-2.5.4/redoc.standalone.js.gz", "/docs/",
		} {
			if got := get(t, mux, path); got.Code != http.StatusNotFound {
				t.Errorf("GET %s: %d, want 404", path, got.Code)
			}
		}
		if got := send(t, mux, http.MethodPost, "/docs", nil); got.Code != http.StatusMethodNotAllowed {
			t.Errorf("POST /docs: %d, want 405", got.Code)
		}
	})
}

func TestAssets(t *testing.T) {
	t.Parallel()
	const script = "/docs/assets/redoc-2.5.4/redoc.standalone.js"

	t.Run("are the same bytes with and without gzip", func(t *testing.T) {
		t.Parallel()
		mux := setup(t, "Privacy rights")
		plain := get(t, mux, script)
		packed := send(t, mux, http.MethodGet, script, http.Header{"Accept-Encoding": {"br, gzip;q=0.5"}})
		if got := packed.Header().Get("Content-Encoding"); got != "gzip" {
			t.Fatalf("Content-Encoding %q, want gzip", got)
		}
		if plain.Header().Get("ETag") == packed.Header().Get("ETag") {
			t.Error("both encodings have one ETag: a cache would mix them up")
		}
		r, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		unpacked, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(unpacked, plain.Body.Bytes()) || len(unpacked) < 1_000_000 {
			t.Errorf("%d bytes unpacked, %d plain", len(unpacked), plain.Body.Len())
		}
	})

	t.Run("are kept by version, pages are asked for again", func(t *testing.T) {
		t.Parallel()
		mux := setup(t, "Privacy rights")
		if got := get(t, mux, script).Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("Cache-Control of a versioned file: %q", got)
		}
		for _, path := range []string{"/docs", "/docs/assets/redoc.js"} {
			first := get(t, mux, path)
			if got := first.Header().Get("Cache-Control"); got != "no-cache" {
				t.Errorf("Cache-Control of %s: %q", path, got)
			}
			again := send(t, mux, http.MethodGet, path, http.Header{"If-None-Match": {first.Header().Get("ETag")}})
			if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
				t.Errorf("GET %s again: %d, %d bytes, want 304 and none", path, again.Code, again.Body.Len())
			}
		}
	})

	t.Run("are packed only for those who take it", func(t *testing.T) {
		t.Parallel()
		mux := setup(t, "Privacy rights")
		for accept, want := range map[string]string{
			"":                     "",
			"gzip":                 "gzip",
			"GZIP":                 "gzip",
			"*":                    "gzip",
			"deflate, gzip;q=1.0":  "gzip",
			"gzip;q=0":             "",
			"gzip; q=0.000, *":     "",
			"identity, *;q=0":      "",
			"deflate":              "",
			"gzip;q=nonsense":      "gzip",
			"br;q=1, gzip ;q=0.1 ": "gzip",
		} {
			got := send(t, mux, http.MethodHead, script, http.Header{"Accept-Encoding": {accept}})
			if got.Header().Get("Content-Encoding") != want || got.Code != http.StatusOK || got.Body.Len() != 0 {
				t.Errorf("HEAD with Accept-Encoding %q: %d, Content-Encoding %q, want %q", accept, got.Code, got.Header().Get("Content-Encoding"), want)
			}
			if got.Header().Get("Vary") != "Accept-Encoding" {
				t.Errorf("HEAD with Accept-Encoding %q: no Vary", accept)
			}
		}
	})
}

func setup(t *testing.T, title string) *http.ServeMux {
	t.Helper()
	mux := http.NewServeMux()
	docs.Register(mux, "/openapi.json", title)
	return mux
}

func get(t *testing.T, h http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	return send(t, h, http.MethodGet, path, nil)
}

func send(t *testing.T, h http.Handler, method, path string, header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}
