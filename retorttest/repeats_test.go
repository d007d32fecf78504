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
	f := &failed{TB: t}
	k := retorttest.New(t, retort.NewBase(Pebbles), retorttest.FailOnRepeats(f, 3))
	k.Exec(t, "INSERT INTO pebbles (color) SELECT 'red' FROM generate_series(1, 12)")
	ctx := t.Context()
	read := func(s *retort.Session, id int64) {
		if _, err := Pebbles.Get(ctx, s, id); err != nil {
			t.Fatal(err)
		}
	}
	for id := range int64(12) {
		s := k.Engine.Session()
		read(s, id+1)
		read(s, 12-id)
		if err := s.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.texts) > 0 {
		t.Fatalf("many sessions are no repetition: %q", f.texts)
	}
	s := k.Engine.Session()
	defer s.Close(context.Background())
	for id := range int64(12) {
		read(s, id+1)
	}
	if len(f.texts) != 3 { // at 3, 6 and 12
		t.Fatalf("reported %d times: %q", len(f.texts), f.texts)
	}
	for _, word := range []string{"3 times", "repeats_test.go:", `FROM "pebbles"`} {
		if !strings.Contains(f.texts[0], word) {
			t.Errorf("%q is not in %q", word, f.texts[0])
		}
	}
}
