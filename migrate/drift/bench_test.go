package drift_test

import (
	"testing"

	"github.com/retort-go/retort/migrate/drift"
)

// BenchmarkFingerprint asks a database of 500 tables with ten columns, a key, a check
// and an index each.
func BenchmarkFingerprint(b *testing.B) {
	_, eng := open(b, `DO $$ BEGIN FOR i IN 1..500 LOOP EXECUTE format('CREATE TABLE t%s (id bigint PRIMARY KEY, a text DEFAULT ''x'', b int CHECK (b > 0), c int, d int, e int, f int, g int, h int, i int)', i);
		EXECUTE format('CREATE INDEX ON t%s (a) WHERE b > 1', i); END LOOP; END $$; ANALYZE`)
	for b.Loop() {
		if _, err := drift.Fingerprint(b.Context(), eng); err != nil {
			b.Fatal(err)
		}
	}
}
