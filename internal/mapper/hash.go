package mapper

import (
	"hash/maphash"
	"math/bits"
)

// Seed makes hashes that nobody can foresee.
type Seed struct {
	hi, lo uint64
	text   maphash.Seed
}

// MakeSeed returns a new one.
func MakeSeed() Seed {
	text := maphash.MakeSeed()
	return Seed{maphash.Comparable(text, 1), maphash.Comparable(text, 2), text}
}

// Hash is a number for a hash table: the same for equal keys and one seed.
func (k Key) Hash(seed Seed) uint64 {
	h := mix(mix(k.hi^seed.hi, k.lo^seed.lo), spread) // all of most keys, in a tenth of the time of the general hash
	if k.s != "" {
		h ^= maphash.String(seed.text, k.s)
	}
	return h
}

// Hash is a number for a hash table: the same for the same struct and one seed.
func (o Object) Hash(seed Seed) uint64 {
	return mix(mix(uint64(uintptr(o.p))^seed.hi, seed.lo), spread)
}

// spread is the golden ratio's part behind the point: a second product by it parts
// what the first one leaves in rows.
const spread = 0x9e3779b97f4a7c15

// mix folds a product, every bit of which hangs on many of a and b.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}
