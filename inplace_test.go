package retort_test

import (
	"encoding/json"
	"testing"

	"github.com/retort-go/retort/retorttest"
)

// TestChangesInPlaceAreNoticed edits what fields refer to, without setting a field.
func TestChangesInPlaceAreNoticed(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, zoo)
	ctx := t.Context()
	e := everything()
	e.Bytes, e.Digest, e.List, e.Labels = []byte("abc"), digest("abc"), []string{"a", "b"}, labels{"a"}
	e.Map, e.Address, e.Raw = map[string]any{"k": map[string]any{"in": 1.0}}, address{Floors: []int{1, 2}}, json.RawMessage(`[1]`)
	e.Everybody = optional{new(1)}
	m := &Maybe{Text: new("x"), Bytes: &[]byte{1}, Map: &map[string]any{"k": 1.0}, Address: &address{Floors: []int{1}}, List: &[]string{"a"}, I64: new(int64(1))}
	s := k.Engine.Session()
	defer s.Close(ctx)
	s.Add(e, m)
	must(t, s.Commit(ctx))
	for name, edit := range map[string]struct {
		do    func()
		query string
	}{
		"bytes":                     {func() { e.Bytes[1] = 'x' }, "SELECT bytes = 'axc' FROM everything"},
		"named_bytes":               {func() { e.Digest[0]++ }, "SELECT digest = 'bbc' FROM everything"},
		"a_list":                    {func() { e.List[1] = "c" }, "SELECT list = '{a,c}' FROM everything"},
		"a_named_list":              {func() { e.Labels[0] = "z" }, "SELECT labels = '{z}' FROM everything"},
		"a_map":                     {func() { e.Map["new"] = true }, "SELECT map ? 'new' FROM everything"},
		"a_map_in_a_map":            {func() { e.Map["k"].(map[string]any)["in"] = 2.0 }, "SELECT map->'k'->>'in' = '2' FROM everything"},
		"a_slice_in_a_struct":       {func() { e.Address.Floors[0] = 7 }, "SELECT address->'Floors'->>0 = '7' FROM everything"},
		"raw_json":                  {func() { e.Raw[1] = '2' }, "SELECT raw = '[2]' FROM everything"},
		"a_pointer_in_json":         {func() { *e.Everybody.A = 5 }, "SELECT everybody->>'A' = '5' FROM everything"},
		"text_behind_a_pointer":     {func() { *m.Text = "y" }, "SELECT text = 'y' FROM maybe"},
		"a_number_behind_a_pointer": {func() { *m.I64 = 9 }, "SELECT i64 = 9 FROM maybe"},
		"bytes_behind_a_pointer":    {func() { (*m.Bytes)[0] = 2 }, `SELECT bytes = '\x02' FROM maybe`},
		"a_map_behind_a_pointer":    {func() { (*m.Map)["k"] = 2.0 }, "SELECT map->>'k' = '2' FROM maybe"},
		"a_struct_behind_a_pointer": {func() { m.Address.Floors[0] = 3 }, "SELECT address->'Floors'->>0 = '3' FROM maybe"},
		"a_list_behind_a_pointer":   {func() { (*m.List)[0] = "b" }, "SELECT list = '{b}' FROM maybe"},
	} {
		edit.do()
		if n := k.RoundTrips(func() { must(t, s.Commit(ctx)) }); n != 1 {
			t.Errorf("%s: %d round trips", name, n)
		}
		if got := k.QueryString(t, edit.query); got != "t" {
			t.Errorf("%s: %s is %s", name, edit.query, got)
		}
		if n := k.RoundTrips(func() { must(t, s.Commit(ctx)) }); n != 0 {
			t.Errorf("%s: written twice", name)
		}
	}
}
