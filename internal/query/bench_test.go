package query

import "testing"

// BenchmarkRows builds the statement of a page as a list of a service has it.
func BenchmarkRows(b *testing.B) {
	t, c := plants(b)
	var key [16]byte
	b.ReportAllocs()
	for b.Loop() {
		q := Select{
			Label: "query.all", Table: t, Limit: 20, Total: true,
			Where: []Predicate{Compare("Eq", &c.Name, "fern"), Compare("Gt", &c.Height, int32(3)), IsNull(&c.Note)},
			Order: []Order{{Field: &c.Height, Desc: true}},
			After: []any{int32(9), key},
		}
		if _, err := q.Rows(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkIn builds a condition of many values.
func BenchmarkIn(b *testing.B) {
	t, c := plants(b)
	keys := make([][16]byte, 1000)
	b.ReportAllocs()
	for b.Loop() {
		q := Select{Label: "query.all", Table: t, Limit: -1, Where: []Predicate{In(&c.ID, keys)}}
		if _, err := q.Rows(); err != nil {
			b.Fatal(err)
		}
	}
}
