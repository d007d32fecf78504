package flight

import (
	"crypto/rand"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// prepared is one statement that the server knows by name, or is about to.
type prepared struct {
	text
	oids []uint32
	name string

	// described is set once the server has answered the Parse, with the columns of
	// the result.
	described bool
	fields    []pgconn.FieldDescription

	tag pgconn.CommandTag // of the last run

	trip       uint64    // the last flight that used it; those of the current one are never evicted
	sent       bool      // its Parse is in the current flight
	twin       *prepared // the same SQL with other parameter types
	prev, next *prepared // the ring, least recently used last
}

// text is what a statement says, and by which search_path its names are found: the
// server plans anew for another path, but keeps the types of the parameters and results.
type text struct{ path, sql string }

// registry maps SQL to prepared statements of one connection, least recently
// used out first. Names are never used twice.
type registry struct {
	cap    int
	count  int
	bytes  int // of their texts and types
	prefix string
	serial uint64
	bySQL  map[text]*prepared
	ring   prepared // sentinel: ring.next is the newest, ring.prev the oldest

	// closing are names that the server still has and nobody wants.
	closing []string
}

// maxTexts bounds the texts that one connection keeps prepared, in bytes. The server
// holds a statement as a tree, of about thirty times its text: an INSERT of a thousand
// rows is megabytes, and one for each number of rows that clients send would fill it.
const maxTexts = 1 << 20

// statementPrefix begins every name; a random part of the connection's own follows.
// Behind a pooler that nobody told us of, another client's statement must not
// answer to our name: the server would run it, without an error where the number
// of parameters fits.
const statementPrefix = "retort_"

func newRegistry(capacity int) *registry {
	r := &registry{cap: capacity, bySQL: make(map[text]*prepared), prefix: statementPrefix + strings.ToLower(rand.Text()[:8]) + "_"}
	r.ring.next, r.ring.prev = &r.ring, &r.ring
	return r
}

// use finds the statement, or enters it undescribed, and marks it as used by trip.
func (r *registry) use(t text, oids []uint32, trip uint64) *prepared {
	p := r.bySQL[t]
	for p != nil && !sameTypes(p.oids, oids) {
		p = p.twin
	}
	if p == nil {
		return r.enter(t, oids, trip)
	}
	if r.ring.next != p {
		r.unlink(p)
		r.linkFirst(p)
	}
	p.trip = trip
	return p
}

func (r *registry) enter(t text, oids []uint32, trip uint64) *prepared {
	r.serial++
	p := &prepared{
		text: t, name: r.prefix + strconv.FormatUint(r.serial, 10), trip: trip,
		// The caller may reuse its slice; the key must not change with it.
		oids: append([]uint32(nil), oids...),
		twin: r.bySQL[t],
	}
	r.bySQL[t] = p
	r.linkFirst(p)
	r.count++
	r.bytes += p.weight()
	return p
}

// weight is about how many bytes of text and types the statement has.
func (p *prepared) weight() int { return len(p.sql) + 4*len(p.oids) }

// evict drops the oldest statements over the cap or over maxTexts, sparing those of
// this trip.
func (r *registry) evict(trip uint64) {
	for p := r.ring.prev; (r.count > r.cap || r.bytes > maxTexts) && p != &r.ring && p.trip != trip; {
		older := p
		p = p.prev
		r.closing = append(r.closing, older.name)
		r.remove(older)
	}
}

// remove forgets p; what the server has of it is not touched.
func (r *registry) remove(p *prepared) {
	if head := r.bySQL[p.text]; head == p {
		if p.twin == nil {
			delete(r.bySQL, p.text)
		} else {
			r.bySQL[p.text] = p.twin
		}
	} else {
		for head.twin != p {
			head = head.twin
		}
		head.twin = p.twin
	}
	r.unlink(p)
	r.count--
	r.bytes -= p.weight()
}

// forget drops every statement. With closing set the server is asked, in the
// next flight, to drop them as well.
func (r *registry) forget(closing bool) {
	for p := r.ring.next; closing && p != &r.ring; p = p.next {
		if p.described {
			r.closing = append(r.closing, p.name)
		}
	}
	clear(r.bySQL)
	r.ring.next, r.ring.prev = &r.ring, &r.ring
	r.count, r.bytes = 0, 0
}

func (r *registry) linkFirst(p *prepared) {
	p.prev, p.next = &r.ring, r.ring.next
	p.next.prev = p
	r.ring.next = p
}

func (r *registry) unlink(p *prepared) {
	p.prev.next, p.next.prev = p.next, p.prev
	p.prev, p.next = nil, nil
}

// sameTypes compares parameter types; a missing one is 0, the server's choice.
func sameTypes(a, b []uint32) bool {
	if len(a) < len(b) {
		a, b = b, a
	}
	for i, oid := range a {
		if i < len(b) && oid != b[i] || i >= len(b) && oid != 0 {
			return false
		}
	}
	return true
}
