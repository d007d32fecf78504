package web

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
)

// requestHash tells a repeated request from another one with the same key.
func requestHash(r *http.Request, body []byte) ([]byte, error) {
	h := sha256.New()
	for _, part := range []string{r.Method, askedPath(r), r.URL.RawQuery} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	h.Write(withoutBoundary(r, body))
	if err := writeForm(h, r); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}

// askedPath is the path that the client named: http.StripPrefix cuts the one in URL.
func askedPath(r *http.Request) string {
	path := r.URL.EscapedPath()
	if asked, err := url.ParseRequestURI(r.RequestURI); err == nil && strings.HasSuffix(asked.EscapedPath(), path) {
		return asked.EscapedPath()
	}
	return path
}

// withoutBoundary takes out of a multipart body what its client makes up anew when it
// sends the form again.
func withoutBoundary(r *http.Request, body []byte) []byte {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(media, "multipart/") || params["boundary"] == "" {
		return body
	}
	return bytes.ReplaceAll(body, []byte("--"+params["boundary"]), []byte("--"))
}

// writeForm writes what a middleware has parsed of the body, which is empty then.
func writeForm(w io.Writer, r *http.Request) error {
	if _, err := io.WriteString(w, r.PostForm.Encode()); err != nil || r.MultipartForm == nil {
		return err
	}
	for _, name := range sortedKeys(r.MultipartForm.File) {
		for _, file := range r.MultipartForm.File[name] {
			if err := writeFile(w, name, file); err != nil {
				return fmt.Errorf("web: read a file of the form: %w", err)
			}
		}
	}
	return nil
}

func writeFile(w io.Writer, name string, file *multipart.FileHeader) error {
	if _, err := fmt.Fprintf(w, "\x00%q %q %d ", name, file.Filename, file.Size); err != nil {
		return err
	}
	f, err := file.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}
