package docs

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// fetched are the packages' files, as internal/fetch left them.
//
//go:embed assets
var fetched embed.FS

// pages are our own few lines around them.
//
//go:embed pages
var pages embed.FS

// Values of Cache-Control. A fetched file's path holds its version.
const (
	forever    = "public, max-age=31536000, immutable"
	revalidate = "no-cache"
)

// asset is one body, kept as it lies in the binary: compressed or plain.
type asset struct {
	contentType string
	plain       []byte // nil when gzipped is set
	gzipped     []byte
	etag        string
	cache       string
}

func newAsset(name, cache string) *asset {
	return &asset{contentType: contentType(name), cache: cache}
}

// ServeHTTP answers GET and HEAD, revalidation and ranges included.
func (a *asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Type", a.contentType)
	head.Set("Content-Security-Policy", policy)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cache-Control", a.cache)

	body, etag := a.plain, a.etag
	if a.gzipped != nil {
		head.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Values("Accept-Encoding")) {
			head.Set("Content-Encoding", "gzip")
			body, etag = a.gzipped, etag+"-gzip"
		} else {
			body = unzip(a.gzipped)
		}
	}
	head.Set("ETag", `"`+etag+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// unzip unpacks an embedded file for the rare client that cannot.
func unzip(packed []byte) []byte {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic("docs: embedded file is not gzip: " + err.Error())
	}
	text, err := io.ReadAll(r)
	if err != nil {
		panic("docs: embedded file is damaged: " + err.Error())
	}
	return text
}

// acceptsGzip reads Accept-Encoding as RFC 9110, 12.5.3 has it: a named coding
// counts before "*", and a weight of 0 refuses.
func acceptsGzip(headers []string) bool {
	named, rest := -1.0, -1.0
	for _, header := range headers {
		for part := range strings.SplitSeq(header, ",") {
			coding, params, _ := strings.Cut(part, ";")
			switch strings.ToLower(strings.TrimSpace(coding)) {
			case "gzip", "x-gzip":
				named = weight(params)
			case "*":
				rest = weight(params)
			}
		}
	}
	if named >= 0 {
		return named > 0
	}
	return rest > 0
}

// weight reads "q=0.5"; what is not a weight counts as 1, as if it were left
// out.
func weight(params string) float64 {
	name, value, _ := strings.Cut(strings.TrimSpace(params), "=")
	if q, err := strconv.ParseFloat(value, 64); err == nil && q >= 0 && strings.EqualFold(name, "q") {
		return q
	}
	return 1
}

// contentType is fixed per ending: the system's own table differs from one
// machine to the next.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".png":
		return "image/png"
	default: // LICENSE, NOTICE, *.LICENSE.txt
		return "text/plain; charset=utf-8"
	}
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
