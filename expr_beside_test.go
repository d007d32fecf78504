package retort_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Shift has a column of each kind whose values are written otherwise than their Go
// type says, and arrays of them.
type Shift struct {
	retort.BigintKey
	Grade  Grade
	Maybe  *Grade
	Mac    net.HardwareAddr
	Wait   time.Duration
	Day    time.Time
	Clock  time.Time
	Genre  Genre
	Days   []time.Time
	Macs   []net.HardwareAddr
	Genres []Genre
}

// Define names the types that the fields leave open.
func (Shift) Define(d *retort.Definition[Shift]) {
	d.Column(&d.C.Grade).Type("text")
	d.Column(&d.C.Maybe).Type("text")
	d.Column(&d.C.Wait).Type("interval")
	d.Column(&d.C.Day).Type("date")
	d.Column(&d.C.Clock).Type("timestamp")
	d.Column(&d.C.Days).Type("date[]")
}

var shifts = retort.NewTable[Shift]("shifts")

func shiftOf(now time.Time, mac net.HardwareAddr) *Shift {
	return &Shift{Grade: 3, Mac: mac, Wait: time.Hour, Day: now, Clock: now, Genre: Novel, Days: []time.Time{now}, Macs: []net.HardwareAddr{mac}, Genres: []Genre{Novel}}
}

// likeTheColumn lists conditions that hold when v is written as the column has it.
func likeTheColumn[V any](name string, field *V, v V) map[string]retort.Predicate {
	c := retort.Col(field)
	return map[string]retort.Predicate{
		name + " compared": c.EqExpr(retort.Val(v)),
		name + " distinct": retort.Not(c.Distinct(retort.Val(v))),
		name + " coalesce": retort.Coalesce(c, v).Eq(v),
		name + " nullif":   retort.NullIf(c, v).IsNull(),
		name + " greatest": retort.Greatest(c, retort.Val(v)).EqExpr(c),
		name + " case":     c.EqExpr(retort.Case[V]().When(retort.Gt(&shifts.C.ID, 0), v).Else(v)),

		name + " first":             retort.Val(v).EqExpr(c),
		name + " first, distinct":   retort.Not(retort.Val(v).Distinct(c)),
		name + " first in coalesce": retort.CoalesceExpr(retort.Val(v), c).EqExpr(c),
		name + " first in greatest": retort.Greatest(retort.Val(v), c).EqExpr(c),
		name + " case first":        retort.Case[V]().When(retort.Gt(&shifts.C.ID, 0), v).Else(v).EqExpr(c),
		name + " beside a branch":   retort.Case[V]().When(retort.Lt(&shifts.C.ID, 0), v).ElseExpr(c).Eq(v),
		name + " branch":            retort.Case[V]().WhenExpr(retort.Gt(&shifts.C.ID, 0), c).Else(v).Eq(v),
		name + " nested":            retort.CoalesceExpr(retort.Case[V]().When(retort.Lt(&shifts.C.ID, 0), v).End(), retort.Least(retort.Val(v), c)).Eq(v),
		name + " values alone":      c.EqExpr(retort.CoalesceExpr(retort.Val(v), retort.Val(v))),
	}
}

// TestValuesAreWrittenAsTheColumnBesideThem has a server in another time zone, so that
// a day is not that of the same moment there.
func TestValuesAreWrittenAsTheColumnBesideThem(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, retort.NewBase(shifts, Genres), func(c *retort.Config) { c.URL += "&timezone=America/New_York" })
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	now, mac, c := time.Date(2024, 1, 1, 0, 30, 0, 0, time.UTC), net.HardwareAddr{2, 0, 0, 0, 0, 1}, shifts.C
	s.Add(shiftOf(now, mac))
	must(t, s.Flush(ctx))
	day := now.Truncate(24 * time.Hour)
	holds := func(when string, conditions map[string]retort.Predicate) {
		t.Helper()
		for name, p := range conditions {
			var n int64
			err := s.Savepoint(ctx, func(ctx context.Context) (err error) {
				n, err = shifts.Where(p).Count(ctx, s)
				return err
			})
			if err != nil || n != 1 {
				t.Errorf("%s%s: %d rows, %v", when, name, n, err)
			}
		}
	}
	for _, conditions := range []map[string]retort.Predicate{
		likeTheColumn("grade", &c.Grade, 3), likeTheColumn("mac", &c.Mac, mac), likeTheColumn("wait", &c.Wait, time.Hour),
		likeTheColumn("day", &c.Day, now), likeTheColumn("clock", &c.Clock, now), likeTheColumn("genre", &c.Genre, Novel),
		likeTheColumn("days", &c.Days, []time.Time{day}),
		{
			"element day":     retort.HasElement(&c.Days, now),
			"element mac":     retort.HasElement(&c.Macs, mac),
			"all elements":    retort.AllElements(&c.Days, now),
			"element genre":   retort.HasElement(&c.Genres, Novel),
			"appended day":    retort.ArrayAppend(retort.Col(&c.Days), now).Eq([]time.Time{now, now}),
			"appended genre":  retort.ArrayAppend(retort.Col(&c.Genres), Poetry).Eq([]Genre{Novel, Poetry}),
			"removed mac":     retort.ArrayRemove(retort.Col(&c.Macs), mac).Eq(nil),
			"removed genre":   retort.ArrayRemove(retort.Col(&c.Genres), Novel).Eq(nil),
			"not the element": retort.Not(retort.HasElement(&c.Genres, Poetry)),
		},
	} {
		holds("", conditions)
	}
	got, err := retort.Values(shifts.Query(), retort.Coalesce(retort.Col(&c.Day), now)).One(ctx, s)
	if err != nil || !got.Equal(day) {
		t.Errorf("coalesced: %v, %v", got, err)
	}

	written := map[string]retort.Predicate{"grade": retort.Eq(&c.Grade, 5), "maybe": retort.Eq(c.Maybe, 5), "day": retort.Eq(&c.Day, now), "genre": retort.Eq(&c.Genre, Poetry)}
	_, err = shifts.Update(retort.SetExpr(&c.Grade, retort.Val[Grade](5)), retort.SetExpr(c.Maybe, retort.Coalesce(retort.Col(c.Maybe), 5)), retort.SetExpr(&c.Day, retort.Val(now)),
		retort.SetExpr(&c.Genre, retort.Case[Genre]().When(retort.Eq(&c.Grade, 3), Poetry).Else(Novel))).AllRows().Exec(ctx, s)
	must(t, err)
	holds("updated: ", written)
	insert := retort.InsertFrom(shifts, shifts.Query(), retort.Into(&c.Grade, retort.Val[Grade](7)), retort.Into(&c.Mac, &c.Mac), retort.Into(&c.Wait, retort.Val(time.Hour)),
		retort.Into(&c.Day, retort.Val(now)), retort.Into(&c.Clock, retort.Val(now)), retort.Into(&c.Genre, retort.Val(Novel)), retort.Into(&c.Days, &c.Days),
		retort.Into(&c.Macs, &c.Macs), retort.Into(&c.Genres, &c.Genres))
	rows, err := insert.Rows(ctx, s)
	must(t, err)
	r := rows[0]
	if diff := cmp.Diff([]any{Grade(7), time.Hour, day, now, Novel}, []any{r.Grade, r.Wait, r.Day.UTC(), r.Clock.UTC(), r.Genre}); diff != "" {
		t.Errorf("inserted (-want +got):\n%s", diff)
	}
	_, err = shifts.Update(retort.SetExpr(&c.Genre, retort.Least(retort.Val(Poetry), retort.Val(Novel))), retort.SetExpr(&c.Day, retort.Coalesce(retort.Val(now), now))).AllRows().Exec(ctx, s)
	must(t, err)
	n, err := shifts.Where(retort.Eq(&c.Genre, Novel), retort.Eq(&c.Day, now)).Count(ctx, s)
	if must(t, err); n != 2 {
		t.Errorf("%d rows of 2 have what expressions of values alone gave", n)
	}
	var row struct {
		Day   time.Time
		Grade Grade
	}
	days, err := retort.UnionAll(
		retort.Select(shifts.Where(retort.Eq(&c.Grade, 7)), &row, retort.Into(&row.Day, &c.Day), retort.Into(&row.Grade, &c.Grade)),
		retort.Select(shifts.Where(retort.Eq(&c.Grade, 7)), &row, retort.Into(&row.Day, retort.Val(now)), retort.Into(&row.Grade, retort.Val[Grade](7))),
	).All(ctx, s)
	if must(t, err); len(days) != 2 || !days[1].Day.Equal(day) || days[0] != days[1] {
		t.Errorf("a value below a column of a union: %v", days)
	}
	_, err = shifts.Where(retort.In(&c.Days, [][]time.Time{{day}})).Count(ctx, s)
	wantErr(t, err, nil, "takes one array at a time")
}

// Season has ranges of times that know of no zone.
type Season struct {
	retort.BigintKey
	Days  pgtype.Range[time.Time]
	Hours pgtype.Range[time.Time]
}

// Define names the types that the fields leave open.
func (Season) Define(d *retort.Definition[Season]) {
	d.Column(&d.C.Days).Type("daterange")
	d.Column(&d.C.Hours).Type("tsrange")
}

func TestRangeHasTakesTheDayAndTheHourAsTheClockShowsThem(t *testing.T) {
	t.Parallel()
	seasons := retort.NewTable[Season]("seasons")
	k := retorttest.New(t, retort.NewBase(seasons), func(c *retort.Config) { c.URL += "&timezone=America/New_York" })
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	begin := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	first := pgtype.Range[time.Time]{Lower: begin, LowerType: pgtype.Inclusive, Upper: begin.AddDate(0, 0, 1), UpperType: pgtype.Exclusive, Valid: true}
	s.Add(&Season{Days: first, Hours: first})
	must(t, s.Flush(ctx))
	c := seasons.C
	for _, at := range []time.Time{begin.Add(time.Minute), begin.Add(23 * time.Hour), time.Date(2024, 1, 1, 23, 0, 0, 0, time.FixedZone("west", -9*3600))} {
		n, err := seasons.Where(retort.RangeHas(&c.Days, at), retort.RangeHas(&c.Hours, at)).Count(ctx, s)
		if err != nil || n != 1 {
			t.Errorf("%v: %d, %v", at, n, err)
		}
	}
	var empty retort.Expr[time.Time]
	_, err := retort.Values(seasons.Query(), empty.NotNull()).All(ctx, s)
	wantErr(t, err, nil, "an empty Expr is no expression")
}
