package retorttest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Pebble lies about.
type Pebble struct {
	retort.BigintKey
	Color string
}

// Pebbles are the rows.
var Pebbles = retort.NewTable[Pebble]("pebbles")

// failed notes what would fail a test.
type failed struct {
	testing.TB
	texts []string
}

func (f *failed) Helper() {}
func (f *failed) Errorf(format string, a ...any) {
	f.texts = append(f.texts, fmt.Sprintf(format, a...))
}

func TestFailOnRepeats(t *testing.T) {
	t.Parallel()
	for limit, reports := range map[int]int{3: 3, 6: 2} { // of 12 times: the limit, and each time it has doubled
		f := &failed{TB: t}
		k := retorttest.New(t, retort.NewBase(Pebbles), retorttest.FailOnRepeats(f, limit))
		k.Exec(t, "INSERT INTO pebbles (color) SELECT 'red' FROM generate_series(1, 12)")
		ctx := t.Context()
		read := func(s *retort.Session, id int64) {
			if _, err := Pebbles.Get(ctx, s, id); err != nil {
				t.Fatal(err)
			}
		}
		within := func(work func(s *retort.Session)) {
			s := k.Engine.Session()
			work(s)
			if err := s.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		for id := range int64(12) {
			within(func(s *retort.Session) { read(s, id+1) })
		}
		within(func(s *retort.Session) {
			for id := range int64(limit - 1) {
				read(s, id+1)
			}
			for id := range int64(limit - 1) {
				if _, err := Pebbles.Get(ctx, s, 12-id); err != nil {
					t.Fatal(err)
				}
			}
			if n, err := Pebbles.Query().Count(ctx, s); err != nil || n != 12 {
				t.Fatal(n, err)
			}
		})
		if len(f.texts) > 0 {
			t.Fatalf("many sessions, and many lines, are no repetition: %q", f.texts)
		}
		within(func(s *retort.Session) {
			for id := range int64(12) {
				read(s, id+1)
			}
		})
		if len(f.texts) != reports {
			t.Fatalf("reported %d times: %q", len(f.texts), f.texts)
		}
		for _, word := range []string{fmt.Sprintf("%d times", limit), "repeats_test.go:", `FROM "pebbles"`} {
			if !strings.Contains(f.texts[0], word) {
				t.Errorf("%q is not in %q", word, f.texts[0])
			}
		}
	}
}
