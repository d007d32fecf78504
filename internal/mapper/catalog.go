package mapper

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
)

// Catalog is what one database says of types that are not built in. It is learned
// from the database by whoever has a connection, and shared by all decoders of an
// engine. The nil Catalog knows nothing and wants nothing.
//
//   - Concurrency: safe for many goroutines.
type Catalog struct {
	types  *Types
	wants  atomic.Bool
	latest atomic.Pointer[learned]

	mu    sync.Mutex      // guards asked and writes to latest
	asked map[uint32]bool // OIDs that came and were looked up, or are about to be
}

// learned is one state of a Catalog; it does not change.
type learned struct {
	names   TypeNames
	missing []string
}

// NewCatalog makes a catalog that knows nothing yet. It wants to learn at once
// when there are types whose OIDs only the database knows.
func NewCatalog(types *Types) *Catalog {
	c := &Catalog{types: types, asked: make(map[uint32]bool)}
	c.latest.Store(&learned{})
	c.wants.Store(len(c.Registered()) > 0)
	return c
}

// Types returns the registered types.
func (c *Catalog) Types() *Types {
	if c == nil {
		return nil
	}
	return c.types
}

// Registered lists the names of the registered types as SQL text, sorted.
func (c *Catalog) Registered() []string {
	if c == nil || c.types == nil {
		return nil
	}
	var names []string
	for name, pg := range c.types.byName {
		if pg.sql == "" || name == pg.sql {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Wants reports whether something is to be learned.
func (c *Catalog) Wants() bool { return c != nil && c.wants.Load() }

// Names returns what was learned. The map must not be changed.
func (c *Catalog) Names() TypeNames {
	if c == nil {
		return nil
	}
	return c.latest.Load().names
}

// Missing lists the registered types that were not in the database when it was
// last asked, sorted.
func (c *Catalog) Missing() []string {
	if c == nil {
		return nil
	}
	return slices.Clone(c.latest.Load().missing)
}

// Take says that the caller learns now; of several callers one gets ok. Unknown
// lists the OIDs that came and are not known.
func (c *Catalog) Take() (unknown []uint32, ok bool) {
	if !c.wants.CompareAndSwap(true, false) {
		return nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	names := c.latest.Load().names
	for oid := range c.asked {
		if names[oid] == "" {
			unknown = append(unknown, oid)
		}
	}
	slices.Sort(unknown)
	return unknown, true
}

// Again says that what Take promised came to nothing and is still wanted.
func (c *Catalog) Again() { c.wants.Store(true) }

// Learn adds what the database said: names of OIDs, and the registered types that
// it does not have. A type that was made again has its old OID, too: other
// connections may see another search_path.
func (c *Catalog) Learn(names TypeNames, missing []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := maps.Clone(c.latest.Load().names)
	if all == nil {
		all = make(TypeNames, len(names))
	}
	maps.Copy(all, names)
	slices.Sort(missing)
	c.latest.Store(&learned{names: all, missing: missing})
}

// Came tells the types of a result. One that is neither built in nor known is
// looked up before the next use of a connection, once.
func (c *Catalog) Came(oids []uint32) {
	if c == nil {
		return
	}
	names := c.Names()
	for _, oid := range oids {
		if oid < firstUserOID || names[oid] != "" {
			continue
		}
		c.mu.Lock()
		if !c.asked[oid] {
			c.asked[oid] = true
			c.wants.Store(true)
		}
		c.mu.Unlock()
	}
}

// DecoderWith is [Plan.DecoderOf] with what the catalog knows; it is told of the
// types that came.
func (p *Plan) DecoderWith(cols []int, oids []uint32, c *Catalog) (*Decoder, error) {
	c.Came(oids)
	var now *learned
	if c != nil {
		now = c.latest.Load()
	}
	d, err := p.DecoderOf(cols, oids, c.Names())
	if err == nil {
		d.learned = now
	}
	return d, err
}

// DecoderWith is [Scan.DecoderOf] with what the catalog knows; it is told of the
// types that came.
func (s *Scan) DecoderWith(fields []pgconn.FieldDescription, c *Catalog) (*Decoder, error) {
	c.Came(OIDs(fields))
	return s.DecoderOf(fields, c.Names())
}

// Current reports whether d would be made the same way today: a decoder that was
// made before its types were known took them for what the columns are.
func (d *Decoder) Current(c *Catalog) bool {
	return !d.guessed || c == nil || d.learned == c.latest.Load()
}
