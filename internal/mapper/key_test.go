package mapper_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/retort-go/retort/internal/mapper"
)

func TestKey_is_equal_exactly_when_the_value_is(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Int64Range(-2, 2).Draw(t, "a"), rapid.Int64Range(-2, 2).Draw(t, "b")
		keyLaw(t, "", a, b)
		keyLaw(t, "", int16(a), int16(b))
		keyLaw(t, "", a > 0, b > 0)
		keyLaw(t, "", Status(rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 0, 2, -1).Draw(t, "s")), Status("a"))
		keyLaw(t, "", UUID{byte(a), 15: byte(b)}, UUID{byte(b), 15: byte(a)})
		keyLaw(t, "", float64(a), float64(b))
		at := time.Unix(a, 5000).UTC()
		keyLaw(t, "", at, at.Add(time.Duration(b)*time.Microsecond))
	})
}

func keyLaw[T comparable](t *rapid.T, pgType string, a, b T) {
	p, err := mapper.Compile(typeOf[struct{ V T }](), columnsFor[struct{ V T }](t, pgType))
	if err != nil {
		t.Fatal(err)
	}
	x, _ := p.ObjectOf(&struct{ V T }{a})
	y, _ := p.ObjectOf(&struct{ V T }{b})
	if (p.Key(x, 0) == p.Key(y, 0)) != (a == b) {
		t.Fatalf("keys of %v and %v: %v, %v", a, b, p.Key(x, 0), p.Key(y, 0))
	}
	of, err := p.KeyOf(0, a)
	if err != nil || of != p.Key(x, 0) {
		t.Fatalf("KeyOf(%v) = %v, %v; want %v", a, of, err, p.Key(x, 0))
	}
	if p.CompareKeys(x, y, 0) != -p.CompareKeys(y, x, 0) || (p.CompareKeys(x, y, 0) == 0) != (a == b) {
		t.Fatalf("order of %v and %v: %d, %d", a, b, p.CompareKeys(x, y, 0), p.CompareKeys(y, x, 0))
	}
}

func TestCompareKeys_orders_as_the_server_does(t *testing.T) {
	t.Parallel()
	ascending(t, "", int64(math.MinInt64), -1, 0, 1, math.MaxInt64)
	ascending(t, "", int32(-1), 0, 1)
	ascending(t, "", UUID{}, UUID{15: 1}, UUID{7: 1}, UUID{0: 1}, UUID{0: 0x80}, UUID{0: 0xff})
	ascending(t, "", "", "A", "B", "a", "ab", "é")
	ascending(t, "", false, true)
	ascending(t, "", math.Inf(-1), -1, 0.5, math.Inf(1), math.NaN())
	ascending(t, "", float32(-1), 1)
	ascending(t, "", time.Unix(-1, 0), time.Unix(0, 0), time.Unix(0, 1000), time.Unix(1, 0))
	ascending(t, "date", time.Date(2024, 12, 31, 23, 0, 0, 0, time.UTC), time.Date(2025, 1, 1, 1, 0, 0, 0, time.FixedZone("", 7200)))
	ascending(t, "", []byte(nil), []byte{0}, []byte{1})
	ascending(t, "", new(int64(1)), new(int64(2)), nil)
}

func ascending[T any](t *testing.T, pgType string, values ...T) {
	t.Helper()
	p := planOf[struct{ V T }](t, map[string]string{"v": pgType})
	for i := range values {
		for j := range values {
			a, b := object(t, p, &struct{ V T }{values[i]}), object(t, p, &struct{ V T }{values[j]})
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			if got := p.CompareKeys(a, b, 0); got != want {
				t.Errorf("%v against %v: %d, want %d", values[i], values[j], got, want)
			}
		}
	}
}

func TestKey_of_unusual_columns(t *testing.T) {
	t.Parallel()
	padded := planOf[struct{ V string }](t, map[string]string{"v": "char(3)"})
	a, _ := padded.KeyOf(0, "a  ")
	b, _ := padded.KeyOf(0, "a")
	if a != b {
		t.Error("char(n) counts its padding")
	}
	lists := planOf[struct{ V []string }](t, nil)
	x, _ := lists.KeyOf(0, []string{"a", "b"})
	y, _ := lists.KeyOf(0, []string{"ab", ""})
	if x == y {
		t.Error("two lists share a key")
	}
	docs := planOf[struct{ V map[string]any }](t, nil)
	one, _ := docs.KeyOf(0, map[string]any{"a": 1, "b": 2})
	two, _ := docs.KeyOf(0, map[string]any{"b": 2, "a": 1})
	if other, _ := docs.KeyOf(0, map[string]any{}); one != two || one == other {
		t.Error("documents are told apart by their order, or not at all")
	}
	days := planOf[struct{ V time.Time }](t, map[string]string{"v": "date"})
	morning, _ := days.KeyOf(0, time.Date(2025, 1, 1, 8, 0, 0, 0, time.UTC))
	night, _ := days.KeyOf(0, time.Date(2025, 1, 1, 23, 0, 0, 0, time.UTC))
	if next, _ := days.KeyOf(0, time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC)); morning != night || night == next {
		t.Error("days are told apart by their hours, or not at all")
	}
	null := planOf[struct{ V *int64 }](t, nil)
	o := null.New()
	if null.Key(o, 0) != (mapper.Key{}) || !null.IsNull(o, 0) {
		t.Error("NULL has a key")
	}
	if err := null.Set(o, 0, int64(0)); err != nil || null.IsNull(o, 0) {
		t.Error("0 is NULL")
	}
	var isNil *mapper.NilValueError
	if _, err := null.KeyOf(0, (*int64)(nil)); !errors.As(err, &isNil) {
		t.Error(err)
	}
	var wrong *mapper.TypeError
	if _, err := null.KeyOf(0, "7"); !errors.As(err, &wrong) {
		t.Error(err)
	}
}
