package api

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/retort-go/retort/web"
)

const (
	// maxBody is far above what any route needs.
	maxBody = 1 << 20
	// bodyTimeout bounds a body that trickles in.
	bodyTimeout = 10 * time.Second
)

// strict checks the bytes of a request before Huma interprets them, and reads
// its body while no connection is held.
func (a *api) strict(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	// One format is spoken; Huma would echo odd names of it as Content-Type.
	r.Header.Del("Accept")
	err := checkQuery(r.URL.RawQuery)
	if err == nil {
		err = joinConditions(r.Header)
	}
	if err == nil && (r.Method == http.MethodPost || r.Method == http.MethodPatch) {
		err = readBody(w, r)
	}
	if err != nil {
		web.ProblemOf(err).ServeHTTP(w, r)
		return
	}
	next(ctx)
}

// checkQuery refuses what url.Values hides: broken escapes, repeated
// parameters, text that PostgreSQL cannot store.
func checkQuery(raw string) error {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return malformed("query", errors.New("api: the query string is not well-formed"))
	}
	for name, list := range values {
		for _, text := range append(list, name) {
			if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
				return malformed("query", errors.New("api: the query string holds NUL or bytes that are not UTF-8"))
			}
		}
		if len(list) > 1 {
			return malformed("query."+short(name), errors.New("api: the parameter is given more than once"))
		}
	}
	return nil
}

// joinConditions makes one list of repeated headers, which is what they mean;
// Huma reads the first only, and takes an empty one for absent.
func joinConditions(h http.Header) error {
	for _, name := range []string{"If-Match", "If-None-Match"} {
		values := h.Values(name)
		if len(values) == 0 {
			continue
		}
		joined := strings.Join(values, ", ")
		if _, err := matchWeak(joined, ""); err != nil {
			return malformed("header."+name, err)
		}
		h.Set(name, joined)
	}
	return nil
}

// readBody reads and checks the whole body and puts it back for Huma.
func readBody(w http.ResponseWriter, r *http.Request) error {
	if err := checkContentType(r.Header); err != nil {
		return err
	}
	if r.ContentLength > maxBody {
		return errTooLarge()
	}
	rc := http.NewResponseController(w)
	// Not every writer has deadlines; the server's own timeout remains then.
	_ = rc.SetReadDeadline(time.Now().Add(bodyTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return bodyError(err)
	}
	// A deadline that passes while the handler runs would cancel its context.
	_ = rc.SetReadDeadline(time.Time{})
	if err := checkJSON(body); err != nil {
		bad, ok := errors.AsType[*badJSON](err)
		if !ok {
			return err
		}
		return &web.Error{
			Status: http.StatusBadRequest, Type: web.ProblemMalformedInput, Title: "Malformed input",
			Errors: []web.FieldError{{Location: bad.Location, Message: bad.Message}},
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

func checkContentType(h http.Header) error {
	refuse := &web.Error{
		Status: http.StatusUnsupportedMediaType, Type: web.ProblemMediaType, Title: "Unsupported media type",
		Detail: "Send the body as Content-Type: application/json, in UTF-8 and not compressed.",
	}
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return refuse
	}
	text := h.Get("Content-Type")
	if text == "" {
		return refuse
	}
	media, params, err := mime.ParseMediaType(text)
	if err != nil || media != "application/json" {
		return refuse
	}
	if charset, ok := params["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return refuse
	}
	h.Set("Content-Type", "application/json") // Huma knows this spelling only
	return nil
}

func bodyError(err error) error {
	timeout, isNet := errors.AsType[net.Error](err)
	_, tooLarge := errors.AsType[*http.MaxBytesError](err)
	switch {
	case tooLarge:
		return errTooLarge()
	case isNet && timeout.Timeout():
		return &web.Error{
			Status: http.StatusRequestTimeout, Type: web.ProblemRequestTimeout, Title: "Request timeout",
			Detail: "The body did not arrive in time.",
		}
	default:
		return malformed("body", errors.New("api: the request body ends before it is complete"))
	}
}

func errTooLarge() error {
	return &web.Error{
		Status: http.StatusRequestEntityTooLarge, Type: web.ProblemBodyTooLarge, Title: "Body too large",
		Detail: "The body may have 1 MiB at most.",
	}
}
