package flight

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestRegistryAgainstModel plays random flights against a list of keys in order
// of use, twins (one SQL, several parameter types) included.
func TestRegistryAgainstModel(t *testing.T) {
	t.Parallel()
	types := [][]uint32{nil, {0}, {23}, {25, 0}, {25}}
	canonical := func(oids []uint32) string { // what sameTypes means
		for len(oids) > 0 && oids[len(oids)-1] == 0 {
			oids = oids[:len(oids)-1]
		}
		return fmt.Sprint(oids)
	}
	rapid.Check(t, func(t *rapid.T) {
		r := newRegistry(rapid.IntRange(1, 4).Draw(t, "cap"))
		var model []string // newest first
		names := map[string]string{}
		for trip := range uint64(rapid.IntRange(1, 12).Draw(t, "flights")) {
			used := map[string]bool{}
			for range rapid.IntRange(0, 6).Draw(t, "statements") {
				path := rapid.SampledFrom([]string{"", "tenant"}).Draw(t, "path")
				sql := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "sql")
				oids := rapid.SampledFrom(types).Draw(t, "oids")
				key := path + sql + canonical(oids)
				p := r.use(text{path, sql}, oids, trip+1)
				if known := slices.Contains(model, key); known && names[key] != p.name {
					t.Fatalf("%s is %s, was %s", key, p.name, names[key])
				}
				names[key], used[key] = p.name, true
				model = slices.DeleteFunc(model, func(k string) bool { return k == key })
				model = slices.Insert(model, 0, key)
			}
			r.closing = r.closing[:0]
			r.evict(trip + 1)
			var closing []string
			for len(model) > r.cap && !used[model[len(model)-1]] {
				closing = append(closing, names[model[len(model)-1]])
				model = model[:len(model)-1]
			}
			if diff := cmp.Diff(closing, append([]string(nil), r.closing...)); diff != "" {
				t.Fatal(diff)
			}
			var order []string
			total, bytes := 0, 0
			for p := r.ring.next; p != &r.ring; p = p.next {
				bytes += p.weight()
				order = append(order, p.path+p.sql+canonical(p.oids))
			}
			for _, p := range r.bySQL {
				for ; p != nil; p = p.twin {
					total++
				}
			}
			if diff := cmp.Diff(model, order); diff != "" || r.count != len(model) || total != len(model) || r.bytes != bytes {
				t.Fatalf("count %d, in the map %d, %d bytes of %d: %s", r.count, total, r.bytes, bytes, diff)
			}
		}
		r.forget(true)
		if r.count != 0 || r.bytes != 0 || len(r.bySQL) != 0 || r.ring.next != &r.ring || r.ring.prev != &r.ring {
			t.Fatal("something is left")
		}
	})
}
