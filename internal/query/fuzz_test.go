package query

import (
	"encoding/json"
	"testing"
)

// FuzzBookmark holds that no bookmark makes another text of the statement: it is
// refused, or its values travel as parameters.
func FuzzBookmark(f *testing.F) {
	for _, seed := range []string{
		`["+seen_at,+name,+id","2026-01-31T00:00:00Z","Emma",[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]]`, `[]`, `null`, `[null,null,null]`, `{"a":1}`, `["","",""]`,
		`["+seen_at,+name,+id","0000-01-01T00:00:00Z","'; DROP TABLE plants; --",[0]]`, `["+seen_at,+name,+id","2026-01-31T00:00:00+14:00","\u0000",[]]`, "[\"\xff\"]", `[[[[[[`,
	} {
		f.Add([]byte(seed))
	}
	table, c := plants(f)
	page := func(mark Bookmark) (Statement, error) {
		order := []Order{{Field: &c.SeenAt}, {Field: &c.Name}}
		return (&Select{Label: "q", Table: table, Order: order, After: []any{mark}, Limit: -1}).Rows()
	}
	good, err := json.Marshal([]any{"+seen_at,+name,+id", "2026-01-31T00:00:00Z", "Emma", [16]byte{1}})
	if err != nil {
		f.Fatal(err)
	}
	want, err := page(good)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, mark []byte) {
		got, err := page(mark)
		if err != nil {
			return
		}
		if got.SQL != want.SQL {
			t.Errorf("the text changes to %s", got.SQL)
		}
		if len(got.Values) != len(want.Values) {
			t.Errorf("%d parameters, want %d", len(got.Values), len(want.Values))
		}
	})
}
