package mapper

import "hash/maphash"

// Hash is a number for a hash table: the same for equal keys and one seed.
func (k Key) Hash(seed maphash.Seed) uint64 { return maphash.Comparable(seed, k) }

// Hash is a number for a hash table: the same for the same struct and one seed.
func (o Object) Hash(seed maphash.Seed) uint64 { return maphash.Comparable(seed, uintptr(o.p)) }
