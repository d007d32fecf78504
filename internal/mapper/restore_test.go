package mapper_test

import (
	"encoding/json"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/mapper"
)

type restored struct {
	N     int64
	Text  string
	Bytes []byte
	List  []string
	Note  *string
	Map   map[string]any
	Raw   json.RawMessage
	At    *time.Time
	Sums  []int64
	Big   *big.Int
}

func fullRestored() *restored {
	at := time.Date(2024, 2, 29, 1, 2, 3, 4000, time.UTC)
	return &restored{
		N: 1, Text: "x", Bytes: []byte("abc"), List: []string{"a", "b"}, Note: new("note"), Map: map[string]any{"k": []any{1.0}},
		Raw: json.RawMessage(`{"a": 1}`), At: &at, Sums: []int64{1, 2}, Big: big.NewInt(7),
	}
}

func restoredPlan(t *testing.T) *mapper.Plan {
	t.Helper()
	p, err := mapper.Compile(typeOf[restored](), columnsOf[restored](t, map[string]string{"big": "numeric"}))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var compareBig = cmp.Comparer(func(a, b *big.Int) bool { return (a == nil) == (b == nil) && (a == nil || a.Cmp(b) == 0) })

func TestRestore(t *testing.T) {
	t.Parallel()
	p := restoredPlan(t)
	r := fullRestored()
	o, _ := p.ObjectOf(r)
	s := p.Snapshot(o)
	bytes, text := &r.Bytes[0], r.Note
	p.Restore(o, s, allColumns(p))
	if &r.Bytes[0] != bytes || r.Note != text {
		t.Error("what had not changed was replaced")
	}
	for name, edit := range map[string]func(){
		"set": func() {
			*r = restored{N: 2, Text: "y", Bytes: nil, Note: nil, Map: map[string]any{}, Raw: json.RawMessage("2"), Sums: nil, Big: big.NewInt(1)}
		},
		"edited_inside": func() {
			r.Bytes[0], r.List[0], *r.Note, r.Map["k"].([]any)[0], r.Raw[1], r.Sums[0] = 'z', "z", "z", 2.0, ' ', 9
			*r.At = r.At.Add(time.Hour)
			r.Big.SetInt64(99)
		},
		"emptied": func() { *r = restored{} },
	} {
		edit()
		p.Restore(o, s, allColumns(p))
		if diff := cmp.Diff(fullRestored(), r, compareBig); diff != "" {
			t.Errorf("%s (-want +got): %s", name, diff)
		}
		if changed, err := p.Changed(o, s, nil); err != nil || len(changed) > 0 {
			t.Errorf("%s: %v differ, %v", name, changed, err)
		}
	}
}

func TestClone(t *testing.T) {
	t.Parallel()
	p := restoredPlan(t)
	r := fullRestored()
	o, _ := p.ObjectOf(r)
	c := p.Any(p.Clone(o)).(*restored)
	r.Bytes[0], r.List[0], *r.Note, r.Map["new"], r.Sums[0] = 'z', "z", "z", 1, 9
	r.Big.SetInt64(99)
	if diff := cmp.Diff(fullRestored(), c, compareBig); diff != "" {
		t.Errorf("(-want +got): %s", diff)
	}
}

func TestKeyThen(t *testing.T) {
	t.Parallel()
	p := restoredPlan(t)
	r := fullRestored()
	o, _ := p.ObjectOf(r)
	s := p.Snapshot(o)
	want := make([]mapper.Key, p.Len())
	for i := range want {
		want[i] = p.Key(o, i)
	}
	*r = restored{N: 3, Text: "other"}
	for i := range want {
		if got, null := p.KeyThen(s, i); got != want[i] || null {
			t.Errorf("column %d: %v, %t; want %v", i, got, null, want[i])
		}
	}
	if _, null := p.RowKeyThen(s, []int{0, 4}); null {
		t.Error("NULL")
	}
	if _, null := p.RowKeyThen(p.Snapshot(o), []int{0, 4}); !null {
		t.Error("a nil pointer is not NULL")
	}
}
