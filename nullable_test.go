package retort_test

import (
	dbsql "database/sql"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Drawer holds types that became columns after the first ones.
type Drawer struct {
	retort.UUIDKey
	Name  dbsql.NullString
	Count dbsql.NullInt64
	Spans []int32
	Stays time.Duration
}

// A sql.NullString became a NOT NULL column, which refused the NULL it is for.
func TestNullTypesAreNullableColumns(t *testing.T) {
	t.Parallel()
	drawers := retort.NewTable[Drawer]("drawers")
	k := retorttest.New(t, retort.NewBase(drawers))
	ctx := t.Context()
	empty := &Drawer{}
	full := &Drawer{
		Name: dbsql.NullString{String: "é", Valid: true}, Count: dbsql.NullInt64{Int64: -7, Valid: true},
		Spans: []int32{1, 2}, Stays: time.Minute,
	}
	commit(t, k.Engine, empty, full)
	if got := k.QueryInt(t, "SELECT count(*) FROM drawers WHERE name IS NULL AND count IS NULL"); got != 1 {
		t.Errorf("%d rows hold NULL, want 1", got)
	}
	s := k.Engine.Session()
	defer s.Close(ctx)
	got, err := drawers.Get(ctx, s, full.ID)
	must(t, err)
	if got.Name != full.Name || got.Count != full.Count || got.Stays != full.Stays || len(got.Spans) != 2 {
		t.Errorf("got %+v, want %+v", got, full)
	}
}
