package retort_test

import (
	"context"
	"slices"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Tally is a number and no more.
type Tally struct{ retort.BigintKey }

var tallies = retort.NewTable[Tally]("tallies")

// TestInsertOfRowsThatTheDatabaseMakes has no column to write.
func TestInsertOfRowsThatTheDatabaseMakes(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, retort.NewBase(tallies))
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	rows, err := tallies.Insert(&Tally{}, &Tally{}, &Tally{}).Rows(ctx, s)
	must(t, err)
	if len(rows) != 3 || rows[2].ID != 3 {
		t.Errorf("got %v", rows)
	}
	_, err = tallies.CopyIn(ctx, s, slices.Values([]*Tally{{}}))
	wantErr(t, err, nil, "makes all columns")
	_, err = Counters.CopyIn(ctx, retorttest.New(t, library).Engine.Session(), nil)
	wantErr(t, err, nil, "the rows are nil")
	_, err = retort.Batches(ctx, k.Engine, nil, retort.BatchOptions{}, func(context.Context, *retort.Session, []*Tally) error { return nil })
	wantErr(t, err, nil, "retort: ")
}
