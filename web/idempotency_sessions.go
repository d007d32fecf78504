package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/retort-go/retort"
)

// takeKey reads the key of a request to a plain handler, and then its body, which
// tells a repetition from another request. No session exists yet.
func (x *exchange) takeKey(w http.ResponseWriter, r *http.Request) error {
	if x.set.once == nil || readOnlyMethod(r.Method) || len(r.Header.Values(IdempotencyHeader)) == 0 && !x.set.keyRequired {
		return nil
	}
	body, err := readBody(w, r, x.set.maxBody)
	if err != nil {
		return err
	}
	if x.key, err = x.set.keyOf(r, body); err != nil {
		return err
	}
	x.request = r.WithContext(r.Context()) // the caller's own keeps its body
	x.request.Body, x.request.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return nil
}

// call runs the unit of work, once where the request has a key. The answer is one
// that was given before; nil: it is in the buffer.
func (x *exchange) call(ctx context.Context, tx retort.TxOptions, work func(context.Context, *visit) (*struct{}, error)) (*rendered, error) {
	if x.key == nil {
		_, err := work(ctx, &visit{x})
		return nil, err
	}
	return x.key.call(ctx, x.eng, tx, func(ctx context.Context) (*rendered, error) {
		_, err := work(ctx, &visit{x})
		return x.before, err
	})
}

// claim looks for an answer that was given before; done: there is one, or an error.
func (x *exchange) claim(ctx context.Context) (done bool, err error) {
	if x.key == nil {
		return false, nil
	}
	x.before, err = x.key.claim(ctx, x.session)
	return x.before != nil || err != nil, err
}

// keep puts the buffered answer into the row of the key, which is written with COMMIT.
func (x *exchange) keep(ctx context.Context) error {
	if x.key == nil {
		return nil
	}
	if err := x.key.hold(ctx, x.session); err != nil {
		return err
	}
	status, header, body := x.buffer.answer()
	text, err := json.Marshal(values(header, latin1))
	if err != nil {
		return fmt.Errorf("web: keep the headers of an answer: %w", err)
	}
	x.key.row.Status, x.key.row.Header = int32(status), text
	if body != nil {
		x.key.row.Body = body
	}
	return nil
}

// addedPrefix marks, among the headers that are kept, values that the handler added to
// those of an outer middleware, such as a second cookie: the outer ones are another
// request's by the time they are sent. No name of a header has a colon.
const addedPrefix = ":added:"

// answer is what the handler has made: a copy, with the headers that it set itself.
func (b *buffered) answer() (status int, header http.Header, body []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	status, header = b.status, b.sent
	if status == 0 {
		status, header = http.StatusOK, b.header
	}
	outer := b.w.Header()
	own := make(http.Header, len(header))
	for name, values := range header {
		before := outer[name]
		switch {
		case slices.Equal(before, values), name == "Trailer", strings.HasPrefix(name, http.TrailerPrefix):
		case len(before) > 0 && len(values) > len(before) && slices.Equal(before, values[:len(before)]):
			own[addedPrefix+name] = slices.Clone(values[len(before):])
		default:
			own[name] = slices.Clone(values)
		}
	}
	if b.body.Len() > 0 {
		body = bytes.Clone(b.body.Bytes())
	}
	return status, own, body
}

// values applies convert to each value of a header.
func values(h http.Header, convert func(string) string) http.Header {
	out := make(http.Header, len(h))
	for name, list := range h {
		list = slices.Clone(list)
		for i := range list {
			list[i] = convert(list[i])
		}
		out[name] = list
	}
	return out
}

// latin1 makes text of the bytes of a header, which JSON would not keep: each byte is
// the character of its number.
func latin1(raw string) string {
	var b strings.Builder
	for i := range len(raw) {
		b.WriteRune(rune(raw[i]))
	}
	return b.String()
}

// unlatin1 gives the bytes back.
func unlatin1(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteByte(byte(r))
	}
	return b.String()
}

// replay sends the answer of a plain handler again.
func (out *rendered) replay(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range out.header {
		if to, ok := strings.CutPrefix(name, addedPrefix); ok {
			h[to] = append(h[to], values...)
		} else {
			h[name] = values
		}
	}
	h.Set(replayedHeader, "true")
	if bodyAllowed(out.status) {
		h.Set("Content-Length", strconv.Itoa(len(out.body)))
	}
	w.WriteHeader(out.status)
	if len(out.body) > 0 {
		_, _ = w.Write(out.body)
	}
}
