package web

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"

	"github.com/retort-go/retort"
)

// ErrNotCommitted says that a streaming handler wanted to send something before
// it called [Commit].
var ErrNotCommitted = errors.New("web: nothing can be sent before the handler has called web.Commit; see docs/errors.md#not-committed")

// Commit commits the request's session, so that the handler of a route with
// [Streaming] may send its answer as it is made.
//
// Afterwards what was written until now goes out, writes, Flush and Hijack pass
// to the client, and [Session] gives a new read-only session for what is still
// to be read, with the role, settings and filters of the committed one, which is
// closed. Nothing after Commit can take back
// the answer: a panic only cuts it off.
//
//		if err := web.Commit(r); err != nil {
//			return // the answer says why
//		}
//
//	  - Errors: those of the session's Commit; it has been rolled back or its
//	    outcome is unknown, and the client gets the problem whatever else is
//	    written. A status of 400 and above rolls back and is an error, too.
//	  - Concurrency: from the handler's goroutine. A second call does nothing.
func Commit(r *http.Request) error {
	x := exchangeOf(r)
	switch {
	case x.stream == nil:
		return errors.New("web: Commit: the route does not stream; give web.Sessions the option web.Streaming, or let it commit by itself")
	case x.committed:
		return nil
	case x.failure != nil:
		return x.failure
	}
	if err := x.stream.outcome(); err != nil {
		if errors.Is(err, errRefused) {
			return fmt.Errorf("web: Commit: the handler has answered with status %d, so its changes are rolled back", x.stream.status)
		}
		return err
	}
	if x.failure = x.session.Commit(r.Context()); x.failure != nil {
		return x.failure
	}
	if x.failure = x.session.Close(r.Context()); x.failure != nil {
		return x.failure
	}
	x.committed = true
	x.session = x.eng.SessionWith(readingOn(x.session.Options()))
	x.stream.release()
	return nil
}

// readingOn are the options of a session that reads on behind another one, with no
// more rights than that had.
func readingOn(tx retort.TxOptions) retort.TxOptions {
	tx.Deferrable = tx.Deferrable && tx.ReadOnly // else it begins to wait only now
	tx.ReadOnly = true
	return tx
}

// streamed is a buffered writer that becomes the client's own at release.
type streamed struct {
	*buffered
	through bool // guarded by mu
}

// release sends what was written and lets the rest pass.
func (s *streamed) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.through = true
	if s.status == 0 {
		return // the handler chooses the status as it streams
	}
	s.replace(s.sent)
	s.w.WriteHeader(s.status)
	if s.body.Len() > 0 {
		_, _ = s.w.Write(s.body.Bytes())
		s.body.Reset()
	}
}

// finish ends a released answer: trailers, and a status if none was chosen.
func (s *streamed) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = true
	if s.status == 0 {
		s.start(http.StatusOK)
	}
	maps.Copy(s.w.Header(), s.trailers())
}

// start sends the status and the headers as they are now.
func (s *streamed) start(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols {
		s.status, s.sent = status, s.header.Clone()
	}
	s.replace(s.header.Clone())
	s.w.WriteHeader(status)
}

// pass reports whether the writes go to the client, its status being sent.
func (s *streamed) pass() (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.through {
		return false, nil
	}
	if s.done {
		return true, http.ErrHandlerTimeout
	}
	if s.status == 0 {
		s.start(http.StatusOK)
	}
	return true, nil
}

// WriteHeader keeps the status before release and sends it afterwards.
func (s *streamed) WriteHeader(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.through:
		s.writeHeader(status)
	case s.status == 0 && !s.done:
		s.start(status)
	}
}

// Write keeps data before release and sends it afterwards.
func (s *streamed) Write(data []byte) (int, error) {
	if through, err := s.pass(); !through {
		return s.buffered.Write(data)
	} else if err != nil {
		return 0, err
	}
	return s.w.Write(data)
}

// WriteString is Write for a string.
func (s *streamed) WriteString(data string) (int, error) {
	if through, err := s.pass(); !through {
		return s.buffered.WriteString(data)
	} else if err != nil {
		return 0, err
	}
	return io.WriteString(s.w, data)
}

// ReadFrom keeps all of src before release and sends it afterwards.
func (s *streamed) ReadFrom(src io.Reader) (int64, error) {
	if through, err := s.pass(); !through {
		return s.buffered.ReadFrom(src)
	} else if err != nil {
		return 0, err
	}
	return io.Copy(s.w, src)
}

// Flush is FlushError without its error: it does nothing before [Commit].
func (s *streamed) Flush() { _ = s.FlushError() }

// FlushError sends what was written.
//
//   - Errors: [ErrNotCommitted] before [Commit].
func (s *streamed) FlushError() error {
	if through, err := s.pass(); !through {
		return ErrNotCommitted
	} else if err != nil {
		return err
	}
	return http.NewResponseController(s.w).Flush()
}

// Hijack takes over the connection.
//
//   - Errors: [ErrNotCommitted] before [Commit].
func (s *streamed) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.through {
		return nil, nil, ErrNotCommitted
	}
	conn, rw, err := http.NewResponseController(s.w).Hijack()
	if err == nil {
		s.done, s.status = true, http.StatusSwitchingProtocols
	}
	return conn, rw, err
}
