package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
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
	text, err := json.Marshal(header)
	if err != nil {
		return fmt.Errorf("web: keep the headers of an answer: %w", err)
	}
	x.key.row.Status, x.key.row.Header = int32(status), text
	if body != nil {
		x.key.row.Body = body
	}
	return nil
}

// answer is what the handler has made: a copy, with the headers that it set itself.
func (b *buffered) answer() (status int, header http.Header, body []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	status, header = b.status, b.sent
	if status == 0 {
		status, header = http.StatusOK, b.header
	}
	outer := b.w.Header()
	header = maps.Clone(header)
	maps.DeleteFunc(header, func(name string, values []string) bool {
		return slices.Equal(outer[name], values) || name == "Trailer" || strings.HasPrefix(name, http.TrailerPrefix)
	})
	if b.body.Len() > 0 {
		body = bytes.Clone(b.body.Bytes())
	}
	return status, header, body
}

// replay sends the answer of a plain handler again.
func (out *rendered) replay(w http.ResponseWriter) {
	h := w.Header()
	maps.Copy(h, out.header)
	h.Set(replayedHeader, "true")
	if bodyAllowed(out.status) {
		h.Set("Content-Length", strconv.Itoa(len(out.body)))
	}
	w.WriteHeader(out.status)
	if len(out.body) > 0 {
		_, _ = w.Write(out.body)
	}
}
