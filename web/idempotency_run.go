package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

const (
	longestKey = 255
	onceTries  = 5

	// resolveTime is how long the fate of a COMMIT is looked for.
	resolveTime = 5 * time.Second
)

// keyed is one request with its key.
type keyed struct {
	table *retort.Table[IdempotencyKey]
	scope string
	key   string
	hash  []byte
	row   *IdempotencyKey // of the attempt that runs
}

// keyOf reads the request's key; nil where it has none.
func (s *settings) keyOf(r *http.Request, body []byte) (*keyed, error) {
	values := r.Header.Values(IdempotencyHeader)
	if len(values) == 0 && !s.keyRequired {
		return nil, nil
	}
	if len(values) == 0 {
		return nil, malformed("header."+IdempotencyHeader, "is required; give each request a new one, and the same one when it is sent again")
	}
	if len(values) != 1 {
		return nil, malformed("header."+IdempotencyHeader, "must be given once")
	}
	key, ok := plainKey(values[0])
	if !ok {
		return nil, malformed("header."+IdempotencyHeader, "must be 1 to 255 visible ASCII characters")
	}
	scope, err := s.once.scope(r)
	if err != nil {
		return nil, err
	}
	hash, err := requestHash(r, body)
	if err != nil {
		return nil, err
	}
	return &keyed{table: s.once.keys.Table, scope: scope, key: key, hash: hash}, nil
}

// plainKey takes the key as it is, or as a string of RFC 9651.
func plainKey(s string) (string, bool) {
	if len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		s = strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(s[1 : len(s)-1])
	}
	visible := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
	return s, visible && s != "" && len(s) <= longestKey
}

// proved are the options of a unit of work whose key's row is its outcome row, too.
func proved(tx retort.TxOptions) retort.TxOptions {
	tx.SkipOutcome = true
	return tx
}

// claim makes the key this transaction's own, or returns the answer that it has. It
// waits for another transaction that is about to give one.
func (k *keyed) claim(ctx context.Context, s *retort.Session) (*rendered, error) {
	row := &IdempotencyKey{Scope: k.scope, Key: k.key, Request: k.hash, Header: []byte{}, Body: []byte{}}
	made, err := k.table.Insert(row).OnConflict().DoNothing().Named("idempotency").Rows(ctx, s)
	if err != nil {
		return nil, claimFailed(err)
	}
	if len(made) > 0 {
		k.row = made[0]
		return nil, nil
	}
	before, err := k.table.Get(ctx, s, retort.Key{k.scope, k.key})
	switch {
	case errors.Is(err, retort.ErrNotFound):
		return nil, &claimAgain{errUnseen}
	case err != nil:
		return nil, claimFailed(err)
	case !bytes.Equal(before.Request, k.hash):
		return nil, &Error{
			Status: http.StatusUnprocessableEntity, Type: ProblemKeyReused, Title: "Key used before",
			Detail: "This Idempotency-Key was used for another request. Send a new key with a new request.",
		}
	case before.Status == 0:
		return nil, committedProblem().because(errUnanswered)
	}
	out := &rendered{status: int(before.Status), location: before.Location, etag: before.Etag, replayed: true}
	if len(before.Body) > 0 {
		out.body = before.Body
	}
	if len(before.Header) > 0 {
		if err := json.Unmarshal(before.Header, &out.header); err != nil {
			return nil, fmt.Errorf("web: the kept headers of an answer: %w", err)
		}
		out.header = values(out.header, unlatin1)
	}
	return out, nil
}

// errUnseen is why a request whose key's row was swept in between runs again; one that
// finds none at any try has a row that it may not see.
var errUnseen = errors.New("web: the Idempotency-Key has a row that this session does not see; let no filter and no row security hide rows of the table of keys")

// claimAgain is a claim that failed before anything was done, and may succeed next time.
type claimAgain struct{ err error }

func (e *claimAgain) Error() string { return e.err.Error() }
func (e *claimAgain) Unwrap() error { return e.err }

func claimFailed(err error) error {
	switch pgerr.KindOf(err) {
	case pgerr.Serialization:
		// At REPEATABLE READ and above: the first request was committed meanwhile.
		return &claimAgain{err}
	case pgerr.LockNotAvailable:
		return &Error{
			Status: http.StatusConflict, Type: ProblemKeyInUse, Title: "Still at work",
			Detail:     "The first request with this Idempotency-Key is not answered yet. Ask again in a moment.",
			RetryAfter: retrySoon, Err: err,
		}
	default:
		return err
	}
}

// errUnanswered says of a key's row that its handler has called Session.Commit, and
// then failed.
var errUnanswered = errors.New("web: the first request with this Idempotency-Key was committed by its handler, which then made no answer; leave COMMIT to the route")

// errAnswered is why a request runs again whose key was used while it had none.
var errAnswered = errors.New("web: another request with this Idempotency-Key was answered")

// hold claims the key again where the handler has lost it: a rollback of its own
// takes the key's row along.
func (k *keyed) hold(ctx context.Context, s *retort.Session) error {
	if state := s.State(k.row); state != "transient" && state != "detached" {
		return nil
	}
	before, err := k.claim(ctx, s)
	if before != nil {
		return &claimAgain{errAnswered}
	}
	return err
}

// keep puts the answer into the key's row, which is written with COMMIT.
func (k *keyed) keep(out *rendered) {
	k.row.Status, k.row.Location, k.row.Etag = int32(out.status), out.location, out.etag
	if out.body != nil {
		k.row.Body = out.body
	}
}

// call runs a request with a key until its fate is known.
func (k *keyed) call(ctx context.Context, eng *retort.Engine, tx retort.TxOptions, run func(context.Context) (*rendered, error)) (*rendered, error) {
	for try := 1; ; try++ {
		out, err := run(ctx)
		var again *claimAgain
		switch {
		case err == nil:
			return out, nil
		case errors.As(err, &again):
		case errors.Is(err, retort.ErrCommitUnknown):
			out, stored := k.resolve(ctx, eng, tx, err)
			if stored != nil || out != nil {
				return out, stored
			}
			err = notStored().because(err)
			if !tx.Repeatable {
				return nil, err
			}
		default:
			return nil, err
		}
		if try == onceTries || !pause(ctx, try) {
			return nil, err
		}
	}
}

// resolve finds out what became of a COMMIT whose answer was lost: the key's row is
// there, or it can be inserted, and then the transaction that had inserted it before
// has ended without COMMIT. Both nil: it was not stored.
func (k *keyed) resolve(ctx context.Context, eng *retort.Engine, tx retort.TxOptions, unknown error) (*rendered, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), resolveTime)
	defer cancel()
	tx.Isolation, tx.ReadOnly, tx.Deferrable = retort.ReadCommitted, false, false
	for try := 1; ; try++ {
		out, err := retort.Run(ctx, eng, tx, func(ctx context.Context, s *retort.Session) (*rendered, error) {
			probe := *k
			out, err := probe.claim(ctx, s)
			if err == nil && out == nil {
				err = errFenced // the probe's own row must not stay
			}
			return out, err
		})
		switch {
		case err == nil:
			return out, nil
		case errors.Is(err, errFenced):
			return nil, nil
		case !pause(ctx, try):
			return nil, unknown
		}
	}
}

var errFenced = errors.New("web: the key was free")

// pause waits between two tries, with full jitter.
func pause(ctx context.Context, try int) bool {
	longest := min(10*time.Millisecond<<min(try, 6), 500*time.Millisecond)
	t := time.NewTimer(rand.N(longest))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
