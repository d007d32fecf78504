package web

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// BenchmarkBody reads a body of 100 objects, beside encoding/json, which checks
// less.
func BenchmarkBody(b *testing.B) {
	type item struct {
		Name  string  `json:"name"`
		Count int     `json:"count"`
		Note  *string `json:"note"`
	}
	type list struct {
		Items []item `json:"items"`
	}
	var items []string
	for i := range 100 {
		items = append(items, fmt.Sprintf(`{"name": "item number %d", "count": %d, "note": "a \"quoted\" n\u00f6te"}`, i, i))
	}
	body := []byte(`{"items":[` + strings.Join(items, ",") + `]}`)
	in, _ := inputFor(reflect.TypeFor[list]())
	b.Run("web", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			var v list
			var f faults
			readJSON(body, reflect.ValueOf(&v).Elem(), in.body, &f)
			if len(v.Items) != 100 || f.err() != nil {
				b.Fatal(f.err())
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			var v list
			if err := json.Unmarshal(body, &v); err != nil || len(v.Items) != 100 {
				b.Fatal(err)
			}
		}
	})
}
