package retort_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Ferry has a name of its own and may belong to a line, which the database numbers.
type Ferry struct {
	retort.BigintKey
	Name   string
	LineID *int64
	Line   retort.One[FerryLine]
}

// FerryLine is numbered by the database.
type FerryLine struct{ retort.BigintKey }

func (Ferry) Define(d *retort.Definition[Ferry]) {
	d.Unique(&d.C.Name)
	d.References(d.C.LineID, &ferryLines.C.ID)
	retort.BelongsTo(d, &d.C.Line, ferryLines, d.C.LineID)
}

var (
	ferries    = retort.NewTable[Ferry]("ferries")
	ferryLines = retort.NewTable[FerryLine]("ferry_lines")
	ferrying   = retort.NewBase(ferries, ferryLines)
)

// TestUniqueValuesOfRowsThatWait frees unique values by updates that wait for keys of
// the database.
func TestUniqueValuesOfRowsThatWait(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := retorttest.New(t, ferrying)
	for name, test := range map[string]struct {
		change func(s *retort.Session, a, b, c *Ferry)
		want   []string
	}{
		"for_a_new_row": {
			func(s *retort.Session, a, _, _ *Ferry) {
				a.Name = "d"
				s.Add(&Ferry{Name: "a"})
			},
			[]string{"1 d true", "2 b false", "3 c false", "4 a false"},
		},
		"for_a_row_that_is_there": {
			func(_ *retort.Session, a, b, _ *Ferry) { a.Name, b.Name = "d", "a" },
			[]string{"1 d true", "2 a false", "3 c false"},
		},
		"one_after_the_other": {
			func(_ *retort.Session, a, b, c *Ferry) {
				a.Name, b.Name, c.Name = "d", "a", "b"
				must(t, b.Line.Set(&FerryLine{}))
			},
			[]string{"1 d true", "2 a true", "3 b false"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			k.Exec(t, "TRUNCATE ferries, ferry_lines RESTART IDENTITY")
			s := k.Engine.Session()
			defer s.Close(ctx)
			a, b, c := &Ferry{Name: "a"}, &Ferry{Name: "b"}, &Ferry{Name: "c"}
			s.Add(a, b, c)
			must(t, s.Commit(ctx))
			must(t, a.Line.Set(&FerryLine{}))
			test.change(s, a, b, c)
			must(t, s.Commit(ctx))
			got := k.Rows(t, "SELECT id || ' ' || name || ' ' || (line_id IS NOT NULL)::text FROM ferries ORDER BY id")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
