package flight

import (
	"encoding/binary"
	"errors"
	"io"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// copyChunk is how many bytes of a COPY go out together.
const copyChunk = 64 << 10

// ErrCopied is what the writer of a COPY returns to rows that the server takes no more.
// Its own answer says why.
var ErrCopied = errors.New("flight: the COPY has ended")

// rowsFailed is what the server is told of rows that failed. Their own error may
// hold values, which do not belong into its log.
const rowsFailed = "the rows could not be made"

// shipCopy writes a flight that carries the data of a COPY. It is not known before
// how much that is, and the server may complain in the middle: so the answers are
// read meanwhile, on a goroutine that has ended when shipCopy does.
//
// The rows run on the caller's goroutine, where their panic takes its way.
func (c *Conn) shipCopy() error {
	var err error
	if c.out, err = c.compose(c.out[:0]); err != nil {
		return err
	}
	t := &c.trip
	c.copyOver.Store(false)
	tail := append([]byte(nil), c.out[t.copyAt:]...)
	w := &copyWriter{c: c, buf: make([]byte, t.copyAt, t.copyAt+copyChunk), ended: make(chan struct{})}
	copy(w.buf, c.out)
	if cap(c.out) > copyChunk {
		c.out = nil // much work went before, and the connection may live for hours
	}
	var received error
	go func() {
		defer close(w.ended)
		received = c.receive()
	}()
	done := false
	defer func() {
		if done {
			return
		}
		// The rows panicked or exited. The reader must have left the connection
		// before anybody closes it.
		_ = c.pg.Conn().SetDeadline(time.Unix(1, 0))
		<-w.ended
	}()
	w.begin()
	failure := t.copy.Copy(w)
	if w.finish(failure, tail) != nil {
		// The reader is about to see the same, behind the server's last word if any.
		_ = c.pg.Conn().SetReadDeadline(time.Now().Add(time.Second))
	}
	<-w.ended
	done = true
	if received == nil {
		received = w.err
	}
	return received
}

// copyWriter cuts what it is given into messages.
type copyWriter struct {
	c     *Conn
	buf   []byte
	start int   // of the message that is being filled
	err   error // of the socket
	ended chan struct{}
}

// begin opens the next message.
func (w *copyWriter) begin() {
	w.start = len(w.buf)
	w.buf = append(w.buf, 'd', 0, 0, 0, 0)
}

// end closes the message, and takes it back if it is empty.
func (w *copyWriter) end() {
	n := len(w.buf) - w.start - 1
	if n == 4 {
		w.buf = w.buf[:w.start]
		return
	}
	binary.BigEndian.PutUint32(w.buf[w.start+1:], uint32(n))
}

func (w *copyWriter) Write(p []byte) (int, error) {
	total := len(p)
	for len(p) > 0 {
		n := min(len(p), cap(w.buf)-len(w.buf))
		w.buf = append(w.buf, p[:n]...)
		p = p[n:]
		if len(w.buf) < cap(w.buf) {
			break
		}
		w.end()
		if err := w.flush(); err != nil {
			return total - len(p), err
		}
		w.begin()
	}
	return total, nil
}

func (w *copyWriter) flush() error {
	select {
	case <-w.ended:
		return ErrCopied
	default:
	}
	if w.c.copyOver.Load() {
		return ErrCopied
	}
	if w.err == nil {
		_, w.err = w.c.pg.Conn().Write(w.buf)
	}
	w.buf = w.buf[:0]
	if w.err != nil {
		return ErrCopied
	}
	return nil
}

// finish ends the COPY, well or not, and sends what is behind it. The server reads up
// to the Sync in any case, and ignores the data of a COPY that it has refused.
func (w *copyWriter) finish(failure error, tail []byte) error {
	if w.err != nil {
		return w.err
	}
	if failure == nil {
		w.end()
		w.buf = append(w.buf, 'c', 0, 0, 0, 4)
	} else {
		w.buf, _ = (&pgproto3.CopyFail{Message: rowsFailed}).Encode(w.buf[:w.start])
	}
	w.buf = append(w.buf, tail...)
	_, w.err = w.c.pg.Conn().Write(w.buf)
	return w.err
}

var _ io.Writer = (*copyWriter)(nil)
