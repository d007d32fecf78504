package mapper

import "testing"

// TestHash: equal keys have one hash under one seed, and other keys, of integers in
// a row, of neighboring uuids or of text, hardly ever share the place in a table.
func TestHash(t *testing.T) {
	t.Parallel()
	const n = 4096
	keys := map[string]func(i int) Key{
		"integers":  func(i int) Key { return Key{lo: uint64(i)} },
		"multiples": func(i int) Key { return Key{lo: uint64(i) << 32} },
		"uuids":     func(i int) Key { return Key{hi: 0x0190_0000_0000_7000 + uint64(i)<<16, lo: 0x8000_0000_0000_0000} },
		"pairs":     func(i int) Key { return Key{hi: uint64(i % 64), lo: uint64(i / 64)} },
		"texts":     func(i int) Key { return Key{s: string(rune('a'+i%26)) + string(rune(i+1000))} },
		"joined":    func(i int) Key { return Key{lo: uint64(i), s: "the same"} },
	}
	for name, key := range keys {
		seed, other := MakeSeed(), MakeSeed()
		taken := make(map[uint64]int)
		moved := 0
		for i := range n {
			h := key(i).Hash(seed)
			if h != key(i).Hash(seed) {
				t.Fatalf("%s: two hashes of one key", name)
			}
			if h != key(i).Hash(other) {
				moved++
			}
			taken[h%n]++
		}
		// Of n things in n places at random 1/e of the places stay free.
		if free := n - len(taken); free > n*45/100 {
			t.Errorf("%s: %d of %d places stay free", name, free, n)
		}
		if moved < n-1 {
			t.Errorf("%s: another seed moves %d of %d keys", name, moved, n)
		}
	}
}
