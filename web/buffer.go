package web

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// OverflowError is an answer that outgrew the buffer in which it waits for its
// COMMIT. The request is rolled back and answered with 500.
type OverflowError struct{ Limit int } // bytes

// Error says how much would have fit, and what to do.
func (e *OverflowError) Error() string {
	return fmt.Sprintf("web: the answer is larger than the %d bytes that may wait for COMMIT; raise it with web.MaxBuffer, answer in pages, or use web.Streaming; see docs/errors.md#response-too-large", e.Limit)
}

// buffered is the http.ResponseWriter of a request whose transaction is open:
// nothing reaches the client before send.
//
// It has no Unwrap, Flush or Hijack, so http.ResponseController cannot reach
// around it either; deadlines are passed on, since they send nothing.
type buffered struct {
	w     http.ResponseWriter
	head  bool // HEAD: the server will count the body and drop it
	limit int

	// mu guards the following fields: a goroutine that the handler left behind
	// may still write when the answer is sent.
	mu      sync.Mutex
	header  http.Header // the handler's own
	status  int         // 0: not chosen yet
	sent    http.Header // header as it was when the status was chosen
	body    bytes.Buffer
	failure error // the first thing that makes the answer unusable
	done    bool  // nothing more is taken
}

func newBuffered(w http.ResponseWriter, r *http.Request, limit int) *buffered {
	header := w.Header().Clone()
	if header == nil {
		header = make(http.Header)
	}
	return &buffered{w: w, head: r.Method == http.MethodHead, limit: limit, header: header}
}

// Header returns the headers of the answer. Those that an outer middleware has
// set are in it; changes reach the client only after COMMIT.
func (b *buffered) Header() http.Header { return b.header }

// WriteHeader chooses the status. The first one counts, and the first of 400 and
// above: nothing has left, so a handler that fails behind half an answer has failed.
// Informational ones are dropped: they would be bytes before the COMMIT.
func (b *buffered) WriteHeader(status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.writeHeader(status)
}

func (b *buffered) writeHeader(status int) {
	if status < 100 || status > 999 {
		panic(fmt.Sprintf("web: invalid WriteHeader code %d", status)) // as net/http does
	}
	switch {
	case b.done, b.status >= 400, b.status != 0 && status < 400:
	case status == http.StatusSwitchingProtocols:
		b.fail(fmt.Errorf("web: status 101 needs the connection itself, which waits for COMMIT; use a route without web.Sessions"))
	case status < 200:
	default:
		if b.sent.Get("Content-Encoding") == "" { // a compressor goes on from what it has written
			b.body.Reset()
		}
		b.status = status
		b.sent = b.header.Clone()
	}
}

// fail keeps the first failure.
func (b *buffered) fail(err error) {
	if b.failure == nil {
		b.failure = err
	}
}

// Write keeps data for the answer.
//
//   - Errors: [*OverflowError] when the buffer is full, http.ErrBodyNotAllowed,
//     http.ErrHandlerTimeout after the handler has returned.
func (b *buffered) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.admit(len(data)); err != nil {
		return 0, err
	}
	return b.body.Write(data)
}

// WriteString is Write for a string.
func (b *buffered) WriteString(data string) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.admit(len(data)); err != nil {
		return 0, err
	}
	return b.body.WriteString(data)
}

// ReadFrom keeps all of src for the answer, as far as it fits.
func (b *buffered) ReadFrom(src io.Reader) (int64, error) {
	return io.Copy(onlyWriter{b}, src)
}

// onlyWriter hides ReadFrom from io.Copy, which would call it again.
type onlyWriter struct{ io.Writer }

// admit says whether n more bytes may be written.
func (b *buffered) admit(n int) error {
	if b.done {
		return http.ErrHandlerTimeout
	}
	if b.status == 0 {
		b.writeHeader(http.StatusOK)
	}
	if b.failure != nil {
		return b.failure
	}
	if !bodyAllowed(b.status) && n > 0 {
		return http.ErrBodyNotAllowed
	}
	if b.body.Len()+n > b.limit {
		b.fail(&OverflowError{Limit: b.limit})
		return b.failure
	}
	return nil
}

// SetReadDeadline passes the deadline on to the connection.
func (b *buffered) SetReadDeadline(t time.Time) error {
	return http.NewResponseController(b.w).SetReadDeadline(t)
}

// SetWriteDeadline passes the deadline on to the connection.
func (b *buffered) SetWriteDeadline(t time.Time) error {
	return http.NewResponseController(b.w).SetWriteDeadline(t)
}

// EnableFullDuplex lets the handler read on while it answers.
func (b *buffered) EnableFullDuplex() error {
	return http.NewResponseController(b.w).EnableFullDuplex()
}

// outcome says what the handler made: nil to commit, else why not.
func (b *buffered) outcome() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	declared := b.sent.Get("Content-Length")
	switch {
	case b.failure != nil:
	case b.status >= 400:
		return errRefused
	case b.head || b.status == 0 || !bodyAllowed(b.status) || declared == "":
	case declared != strconv.Itoa(b.body.Len()):
		b.failure = fmt.Errorf("web: the handler declared Content-Length %.20q and wrote %d bytes", declared, b.body.Len())
	}
	return b.failure
}

// send writes the answer that the handler made; nothing more is taken.
func (b *buffered) send() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = true
	if b.status == 0 {
		b.status, b.sent = http.StatusOK, b.header.Clone()
	}
	trailers := b.trailers()
	if b.countable(trailers) || b.miscounted() {
		b.sent.Set("Content-Length", strconv.Itoa(b.body.Len()))
	}
	b.replace(b.sent)
	b.w.WriteHeader(b.status)
	if b.body.Len() > 0 {
		_, _ = b.w.Write(b.body.Bytes()) // it is committed; a client that left cannot be told
	}
	maps.Copy(b.w.Header(), trailers)
}

// countable reports whether the answer should say how long it is.
func (b *buffered) countable(trailers http.Header) bool {
	for _, name := range [...]string{"Content-Length", "Transfer-Encoding", "Trailer"} {
		if _, ok := b.sent[name]; ok {
			return false
		}
	}
	return len(trailers) == 0 && bodyAllowed(b.status) && (!b.head || b.body.Len() > 0)
}

// miscounted reports whether an error has the length of the answer that it replaced.
func (b *buffered) miscounted() bool {
	declared := b.sent.Get("Content-Length")
	return b.status >= 400 && !b.head && declared != "" && declared != strconv.Itoa(b.body.Len())
}

// discard forgets the handler's answer, so that a problem can be written.
func (b *buffered) discard() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done = true
}

// replace makes the client's headers those of h, the ones of outer middlewares
// that the handler removed being gone.
func (b *buffered) replace(h http.Header) {
	sent := b.w.Header()
	maps.DeleteFunc(sent, func(name string, _ []string) bool { _, ok := h[name]; return !ok })
	maps.Copy(sent, h)
}

// trailers are the headers that the handler set for the end of the body.
func (b *buffered) trailers() http.Header {
	out := make(http.Header)
	for _, line := range b.sent["Trailer"] {
		for name := range strings.SplitSeq(line, ",") {
			name = http.CanonicalHeaderKey(strings.TrimSpace(name))
			if values, ok := b.header[name]; ok {
				out[name] = slices.Clone(values)
				delete(b.sent, name)
			}
		}
	}
	for name, values := range b.header {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			out[name] = slices.Clone(values)
			delete(b.sent, name)
		}
	}
	return out
}

func bodyAllowed(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}
