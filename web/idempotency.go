package web

import (
	"context"
	"net/http"
	"time"

	"github.com/retort-go/retort"
)

// IdempotencyHeader names the header in which a client sends the key of a request.
const IdempotencyHeader = "Idempotency-Key"

// replayedHeader marks an answer that was given before.
const replayedHeader = "Idempotency-Replayed"

// IdempotencyKey is the row of one request that was answered.
type IdempotencyKey struct {
	Scope    string // whose key it is
	Key      string
	Request  []byte // SHA-256 of method, path, query and body
	Status   int32  // of the answer
	Location string // its header, if not empty
	Etag     string // its header, if not empty
	Header   []byte // of an answer of Sessions: what its handler set, as JSON, a byte as a character; else empty
	Body     []byte // empty: none
	At       time.Time
}

// Define declares the key and what [Idempotency.Sweep] searches by.
func (IdempotencyKey) Define(d *retort.Definition[IdempotencyKey]) {
	d.PrimaryKey(&d.C.Scope, &d.C.Key)
	d.Column(&d.C.At).ServerMade("now()")
	d.Index(&d.C.At)
}

// Idempotency remembers the answers of requests that carry a key, in a table of the
// service's own database:
//
//	var keys = web.NewIdempotency("idempotency_keys")
//	var base = retort.NewBase(Payments, keys.Table)
//
//	mux.Handle("POST /payments", web.Handle(eng, pay, web.Idempotent(keys, account)))
//
// The key's row is written in the handler's own transaction. So it is there exactly
// when the change is, and a second request with the key waits for the first.
//
//   - Concurrency: safe for many goroutines and processes.
//   - Cleanup: rows stay until [Idempotency.Sweep] deletes them.
//
// The key's row tells what became of a lost COMMIT, so requests with a key leave
// none in the table of retort.Config.Outcomes.
type Idempotency struct {
	// Table belongs into the service's base.
	Table *retort.Table[IdempotencyKey]
}

// NewIdempotency declares the table. It does no I/O.
func NewIdempotency(table string, options ...retort.TableOption) *Idempotency {
	return &Idempotency{Table: retort.NewTable[IdempotencyKey](table, options...)}
}

// Idempotent makes a route answer a repeated request with its first answer, byte
// by byte, and do nothing else: a client that got no answer sends the request again
// with the same Idempotency-Key. Scope says whose keys they are, such as the
// account of the request: nobody gets the answer to somebody else's key. GET and
// HEAD, and requests without a key, run as without this option.
//
//   - Shape: keys are 1 to 255 visible ASCII characters, in quotes or not. Only
//     answers of requests that were committed are kept; after an error the key is
//     free, and the request runs again. A request whose COMMIT lost its answer is
//     looked up by its key, and then answered, or run again if the route is
//     [Repeatable], or answered with 503 as not stored. The header
//     Idempotency-Replayed marks an answer that was given before. The answer is made
//     before COMMIT, as with [RenderBeforeCommit], and the key takes one round trip
//     more. Of [Sessions] the body of a request with a key is read before the handler
//     runs, up to [MaxBody], and the headers that the handler set are kept, but no
//     trailers; [Streaming] is refused.
//   - Errors: 400 for a key that is none, 422 for a key that was used for another
//     request, 409 where the first request took longer than the route's LockTimeout
//     ([Tx]). Without a LockTimeout the second request waits for the first, as long
//     as its own limits allow. An error of scope answers as one of the handler's does.
//   - Source: draft-ietf-httpapi-idempotency-key-header.
func Idempotent(keys *Idempotency, scope func(*http.Request) (string, error)) Option {
	return Option{"web.Idempotent", forHandle | forSessions, func(s *settings) {
		s.once = &once{keys: keys, scope: scope}
		s.own = append(s.own, "web.Idempotent")
	}}
}

// RequireIdempotencyKey refuses requests without a key with 400, on routes with
// [Idempotent].
func RequireIdempotencyKey() Option {
	return Option{"web.RequireIdempotencyKey", forHandle | forSessions, func(s *settings) { s.keyRequired = true }}
}

// once is what [Idempotent] has set.
type once struct {
	keys  *Idempotency
	scope func(*http.Request) (string, error)
}

func (s *settings) onceProblems() []string {
	switch {
	case s.once == nil && s.keyRequired:
		return []string{"web.RequireIdempotencyKey without web.Idempotent"}
	case s.once == nil:
		return nil
	case s.once.keys == nil || s.once.keys.Table == nil:
		return []string{"web.Idempotent: the keys are nil; make them with web.NewIdempotency"}
	case s.streaming:
		return []string{"web.Idempotent with web.Streaming: an answer that is streamed cannot be kept; use one of them"}
	case s.tx.ReadOnly:
		return []string{"web.Idempotent with web.Tx(ReadOnly): the row of a key has to be written; a request that changes nothing needs no key"}
	case s.once.scope == nil:
		return []string{"web.Idempotent: scope is nil; say whose keys they are, or one client would get the answers to another one's keys"}
	default:
		return nil
	}
}

// Sweep deletes keys older than age and returns how many. A request whose key is
// gone runs again: keep them for longer than any client repeats, a day at least.
//
//   - Shape, Errors: as [retort.Sweep].
func (k *Idempotency) Sweep(ctx context.Context, eng *retort.Engine, age time.Duration) (int64, error) {
	return retort.Sweep(ctx, eng, k.Table, &k.Table.C.At, age)
}
