package mapper_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/retort-go/retort/internal/mapper"
)

type manyKeys struct {
	A int64
	B string
	C [16]byte
	D int16
}

func manyKeysPlan(t *testing.T) *mapper.Plan {
	t.Helper()
	p, err := mapper.Compile(typeOf[manyKeys](), columnsOf[manyKeys](t, nil))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRowKeys holds the keys of several columns to the comparison of the values.
func TestRowKeys(t *testing.T) {
	t.Parallel()
	p := manyKeysPlan(t)
	draw := func(rt *rapid.T) *manyKeys {
		m := &manyKeys{A: rapid.Int64Range(-1, 1).Draw(rt, "a"), D: rapid.Int16Range(0, 1).Draw(rt, "d")}
		m.B = rapid.SampledFrom([]string{"", "\x00", "a", "ab", "b"}).Draw(rt, "b")
		m.C[0], m.C[15] = rapid.ByteMax(1).Draw(rt, "hi"), rapid.ByteMax(1).Draw(rt, "lo")
		return m
	}
	rapid.Check(t, func(rt *rapid.T) {
		cols := rapid.Permutation([]int{0, 1, 2, 3}).Draw(rt, "cols")[:rapid.IntRange(1, 4).Draw(rt, "n")]
		a, b := draw(rt), draw(rt)
		x, _ := p.ObjectOf(a)
		y, _ := p.ObjectOf(b)
		same := true
		var values []any
		for _, col := range cols {
			same = same && p.Value(x, col) == p.Value(y, col)
			values = append(values, p.Value(x, col))
		}
		if (p.RowKey(x, cols) == p.RowKey(y, cols)) != same {
			rt.Fatalf("keys of %v and %v over %v: %v, %v", a, b, cols, p.RowKey(x, cols), p.RowKey(y, cols))
		}
		if (p.CompareRows(x, y, cols) == 0) != same || p.CompareRows(x, y, cols) != -p.CompareRows(y, x, cols) {
			rt.Fatalf("order of %v and %v over %v: %d", a, b, cols, p.CompareRows(x, y, cols))
		}
		if k, err := p.RowKeyOf(cols, values); err != nil || k != p.RowKey(x, cols) {
			rt.Fatalf("RowKeyOf(%v) = %v, %v", values, k, err)
		}
	})
}

// TestRowKeysOfIntegersCostNothing since most join tables have such keys.
func TestRowKeysOfIntegersCostNothing(t *testing.T) {
	p := manyKeysPlan(t)
	o, _ := p.ObjectOf(&manyKeys{A: 1, D: 2})
	if n := testing.AllocsPerRun(100, func() { p.RowKey(o, []int{0, 3}) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
