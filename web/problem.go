package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The problem types that this package answers with: stable references, one per
// thing that a client can act on. docs/guides/http.md lists them by status.
const (
	ProblemMalformedInput       = "/problems/malformed-input"        // 400: bytes that cannot be read, or that PostgreSQL cannot store
	ProblemNotFound             = "/problems/not-found"              // 404: no such row
	ProblemRequestTimeout       = "/problems/request-timeout"        // 408: the body came too slowly
	ProblemUnique               = "/problems/unique"                 // 409: a row with this value exists
	ProblemForeignKey           = "/problems/foreign-key"            // 409: a row refers to one that is not there, or is still referred to
	ProblemExclusion            = "/problems/exclusion"              // 409: a row overlaps another
	ProblemStale                = "/problems/stale"                  // 409: somebody changed the row in between
	ProblemKeyInUse             = "/problems/key-in-use"             // 409: the first request with this key is still at work
	ProblemKeyReused            = "/problems/key-reused"             // 422: this key belongs to another request
	ProblemPreconditionFailed   = "/problems/precondition-failed"    // 412: the same, for a request with If-Match
	ProblemBodyTooLarge         = "/problems/body-too-large"         // 413
	ProblemMediaType            = "/problems/unsupported-media-type" // 415: the body is not declared as JSON
	ProblemInvalidInput         = "/problems/invalid-input"          // 422: it can be read, but is not what the route takes
	ProblemCheck                = "/problems/check"                  // 422: a check constraint refused a value
	ProblemNotNull              = "/problems/not-null"               // 422: a value is missing
	ProblemBadValue             = "/problems/bad-value"              // 422: a value that its column cannot hold
	ProblemClientClosed         = "/problems/client-closed"          // 499: the client was seen to leave; rolled back
	ProblemInternal             = "/problems/internal"               // 500: a fault of the service; the log has it
	ProblemCommittedNotRendered = "/problems/committed-not-rendered" // 500: the change is stored, its answer could not be made
	ProblemResponseTooLarge     = "/problems/response-too-large"     // 500: the answer outgrew the buffer; rolled back
	ProblemSerialization        = "/problems/serialization"          // 503: lost against concurrent transactions
	ProblemDeadlock             = "/problems/deadlock"               // 503: the same, by a deadlock
	ProblemLockTimeout          = "/problems/lock-timeout"           // 503: a lock was not free in time
	ProblemTimeout              = "/problems/timeout"                // 504: a statement or the request ran out of time
	ProblemPoolTimeout          = "/problems/pool-timeout"           // 503: no connection was free in time
	ProblemUnavailable          = "/problems/unavailable"            // 503: the database cannot be reached or cannot write
	ProblemShuttingDown         = "/problems/shutting-down"          // 503: this process ends; ask again
	ProblemCommitUnknown        = "/problems/commit-unknown"         // 503: stored or not, nobody knows; look before repeating
)

// StatusClientClosed is the status of a request whose client was seen to leave
// before COMMIT: for logs, and for a client that only closed its side.
const StatusClientClosed = 499

// Problem is a failure as a client may see it: RFC 9457's members and a few of
// our own. It holds no SQL and no values.
//
//   - Concurrency: a value; safe to share.
type Problem struct {
	Type   string `json:"type,omitempty"` // one of the Problem constants, the user's own, or "" for about:blank
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`

	Constraint string       `json:"constraint,omitempty"` // its name, where a constraint refused the change
	Fields     []string     `json:"fields,omitempty"`     // the columns it is about, as far as they are known
	Errors     []FieldError `json:"errors,omitempty"`     // what is wrong with the input

	// RetryAfter is sent as Retry-After, in whole seconds rounded up. Zero: the
	// header is not sent, since repeating would not help or would not be safe.
	RetryAfter time.Duration `json:"-"`
}

// FieldError is one fault of an input, by the name the client gave it.
type FieldError struct {
	Location string `json:"location"` // body.email, query.limit, header.If-Match, path.id
	Message  string `json:"message"`  // never repeats the value
}

// ServeHTTP answers with the problem as application/problem+json.
func (p Problem) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	if p.Status < 400 || p.Status > 599 {
		p.Status = http.StatusInternalServerError
	}
	body, err := json.Marshal(p)
	if err != nil { // strings and numbers: it cannot fail
		body = []byte("{}")
	}
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)+1))
	h.Set("Cache-Control", "no-store")
	if p.RetryAfter > 0 {
		seconds := (p.RetryAfter + time.Second - 1) / time.Second
		h.Set("Retry-After", strconv.Itoa(int(seconds)))
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n')) // a client that left cannot be told
}

// Error is a failure that a handler words for the client itself. Whoever
// returns it gets a rollback and this answer.
//
//		return nil, &web.Error{Status: 409, Detail: "The request is already closed."}
//
//	  - Shape: everything but Err is shown to the client; Err goes to the log.
type Error struct {
	Status int    // 400 to 599; anything else answers 500
	Type   string // "" is about:blank: the status says it all
	Title  string // "" is the status in words
	Detail string
	Errors []FieldError

	RetryAfter time.Duration // zero: no such header
	Err        error         // the cause, for the log
}

// Error gives the status, the detail, the faults and the cause on one line.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("web: ")
	b.WriteString(strconv.Itoa(e.Status))
	for _, part := range []string{e.title(), e.Detail} {
		if part != "" {
			b.WriteByte(' ')
			b.WriteString(part)
		}
	}
	for _, f := range e.Errors {
		b.WriteString("; " + f.Location + " " + f.Message)
	}
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

func (e *Error) title() string {
	if e.Title != "" {
		return e.Title
	}
	return http.StatusText(e.Status)
}

// problem is what the client sees of e.
func (e *Error) problem() Problem {
	if e.Status < 400 || e.Status > 599 {
		return internalProblem()
	}
	return Problem{
		Type: e.Type, Title: e.title(), Status: e.Status, Detail: e.Detail,
		Errors: e.Errors, RetryAfter: e.RetryAfter,
	}
}

// Invalid makes the 422 that names one place of the input, for Validate and for
// handlers; errors.Join puts several into one answer.
//
//	return web.Invalid("body.email", "must hold an @")
func Invalid(location, message string) error {
	f := faults{}
	f.add(location, message)
	return f.err()
}

// because makes the error that answers with p.
func (p Problem) because(err error) *Error {
	return &Error{Status: p.Status, Type: p.Type, Title: p.Title, Detail: p.Detail, RetryAfter: p.RetryAfter, Err: err}
}

// joined gathers the [Error]s that errors.Join put side by side, if they are of
// one status and type; else the first of them.
func joined(err error) (*Error, bool) {
	several, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return errors.AsType[*Error](err)
	}
	var whole *Error
	for _, one := range several.Unwrap() {
		e, ok := errors.AsType[*Error](one)
		switch {
		case !ok:
		case whole == nil:
			first := *e
			first.Errors = append([]FieldError(nil), e.Errors...)
			first.Err = err
			whole = &first
		case whole.Status == e.Status && whole.Type == e.Type:
			whole.Errors = append(whole.Errors, e.Errors...)
		}
	}
	return whole, whole != nil
}
