package web

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// read takes everything from the connection that the input needs. No session
// exists yet: a client that sends slowly holds no database connection.
func (in *input) read(w http.ResponseWriter, r *http.Request, maxBody int64) (*request, error) {
	out := &request{http: r}
	if r.URL.RawQuery != "" {
		query, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil { // its text quotes the query
			return nil, malformed("query", "has a broken escape or a semicolon")
		}
		out.query = query
	}
	for _, p := range in.path {
		if r.Pattern != "" && r.PathValue(p.name) == "" && !inPattern(r.Pattern, p.name) {
			return nil, errors.New("web: the input reads {" + p.name + "} from the path, but the route's pattern " + strconv.Quote(r.Pattern) + " has no such part; add it or rename the field's tag")
		}
	}
	body, err := readBody(w, r, maxBody)
	if err != nil {
		return nil, err
	}
	if body = bytes.TrimSpace(body); len(body) == 0 && in.needBody {
		return nil, malformed("body", "is empty; send a JSON object")
	}
	if len(body) > 0 {
		if err := jsonContent(r.Header); err != nil {
			return nil, err
		}
	}
	out.body = body
	return out, nil
}

func malformed(location, message string) error {
	var f faults
	f.bad(location, message)
	return f.err()
}

// trustedLength is the largest body that gets its memory before it arrives.
const trustedLength = 16 << 10

// readBody reads at most limit bytes.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close") // the rest is not worth reading
		return nil, tooLarge(limit)
	}
	limited := http.MaxBytesReader(w, r.Body, limit)
	var body []byte
	var err error
	// A larger buffer grows with what arrives: a promise is cheap to make. Nor is it
	// the end: a middleware that unpacks the body leaves the length as it was.
	if n := r.ContentLength; n > 0 && n <= trustedLength {
		whole := bytes.NewBuffer(make([]byte, 0, n+bytes.MinRead))
		_, err = whole.ReadFrom(limited)
		body = whole.Bytes()
	} else {
		body, err = io.ReadAll(limited)
	}
	var over *http.MaxBytesError
	switch {
	case err == nil:
		return body, nil
	case errors.As(err, &over):
		return nil, tooLarge(over.Limit) // which may be a middleware's
	case r.Context().Err() != nil:
		return nil, r.Context().Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		w.Header().Set("Connection", "close")
		return nil, &Error{
			Status: http.StatusRequestTimeout, Type: ProblemRequestTimeout, Title: "Too slow",
			Detail: "The body did not arrive in time.", Err: err,
		}
	default:
		e, _ := errors.AsType[*Error](malformed("body", "ended early or is badly chunked"))
		e.Err = err
		return nil, e
	}
}

func tooLarge(limit int64) error {
	return &Error{
		Status: http.StatusRequestEntityTooLarge, Type: ProblemBodyTooLarge, Title: "Body too large",
		Detail: "The body is larger than " + strconv.FormatInt(limit, 10) + " bytes.",
	}
}

// jsonContent asks for JSON, plain and in UTF-8.
func jsonContent(h http.Header) error {
	refuse := func(detail string) error {
		return &Error{
			Status: http.StatusUnsupportedMediaType, Type: ProblemMediaType, Title: "Unsupported media type",
			Detail: detail,
		}
	}
	if coding := h.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return refuse("Send the body without a Content-Encoding.")
	}
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || media != "application/json" && (!strings.HasPrefix(media, "application/") || !strings.HasSuffix(media, "+json")) {
		return refuse("Send JSON with the header Content-Type: application/json.")
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return refuse("Send JSON in UTF-8.")
	}
	return nil
}
