package retort_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Parcel has times that the program makes.
type Parcel struct {
	retort.UUIDKey
	retort.AppTimestamps
	Weight int
	Seen   *time.Time
}

// Define has a stamp that may be NULL and has no time zone.
func (Parcel) Define(d *retort.Definition[Parcel]) {
	d.Column(&d.C.Seen).Type("timestamp").ClockOnInsert()
}

// clock is a clock that is set by hand.
type clock struct{ now time.Time }

func (c *clock) tick(d time.Duration) time.Time {
	c.now = c.now.Add(d)
	return c.now.UTC().Truncate(time.Microsecond)
}

func newClock() *clock {
	return &clock{time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.FixedZone("", 3600))}
}

func TestAppTimestamps(t *testing.T) {
	t.Parallel()
	parcels := retort.NewTable[Parcel]("parcels")
	watch := newClock()
	k := retorttest.New(t, retort.NewBase(parcels), func(c *retort.Config) { c.Clock = func() time.Time { return watch.now } })
	ctx := t.Context()
	made := watch.tick(0)
	s := k.Engine.Session()
	defer s.Close(ctx)
	old := time.Date(1999, 1, 2, 3, 4, 5, 0, time.UTC)
	a, b := &Parcel{Weight: 1}, &Parcel{Weight: 2, AppTimestamps: retort.AppTimestamps{CreatedAt: old}}
	s.Add(a, b)
	if !a.CreatedAt.IsZero() {
		t.Error("the time is there before the flight")
	}
	must(t, s.Commit(ctx))
	seen := made
	if diff := cmp.Diff([]*Parcel{
		{a.UUIDKey, retort.AppTimestamps{CreatedAt: made, UpdatedAt: made}, 1, &seen},
		{b.UUIDKey, retort.AppTimestamps{CreatedAt: old, UpdatedAt: made}, 2, &seen},
	}, []*Parcel{a, b}); diff != "" {
		t.Errorf("after the INSERT (-want +got)\n%s", diff)
	}

	later := watch.tick(time.Hour)
	a.Weight = 3
	must(t, s.Commit(ctx))
	if a.CreatedAt != made || a.UpdatedAt != later || b.UpdatedAt != made {
		t.Errorf("after the UPDATE: %v, %v; the other: %v", a.CreatedAt, a.UpdatedAt, b.UpdatedAt)
	}
	watch.tick(time.Hour)
	if n := k.RoundTrips(func() { must(t, s.Commit(ctx)) }); n != 0 {
		t.Errorf("nothing changed, and %d round trips", n)
	}
	fresh := k.Engine.Session()
	defer fresh.Close(ctx)
	got, err := parcels.Get(ctx, fresh, a.ID)
	must(t, err)
	if diff := cmp.Diff(a, got); diff != "" {
		t.Errorf("what is stored differs (-object +row)\n%s", diff)
	}
	if n := k.QueryInt(t, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'parcels' AND column_default IS NOT NULL"); n != 0 {
		t.Errorf("%d columns have a default", n)
	}
}

func TestAppTimestamps_that_were_not_committed(t *testing.T) {
	t.Parallel()
	parcels := retort.NewTable[Parcel]("parcels")
	watch := newClock()
	k := retorttest.New(t, retort.NewBase(parcels), func(c *retort.Config) { c.Clock = func() time.Time { return watch.now } })
	ctx := t.Context()
	k.Exec(t, "ALTER TABLE parcels ADD CHECK (weight > 0)")
	p := &Parcel{Weight: 1}
	commit(t, k.Engine, p)
	made := p.UpdatedAt

	s := k.Engine.Session()
	defer s.Close(ctx)
	p, err := parcels.Get(ctx, s, p.ID)
	must(t, err)
	watch.tick(time.Hour)
	p.Weight = 2
	must(t, s.Flush(ctx))
	if p.UpdatedAt.Equal(made) {
		t.Error("the flush did not set the time")
	}
	must(t, s.Rollback(ctx))
	if p.UpdatedAt != made {
		t.Errorf("after the rollback the object says %v", p.UpdatedAt)
	}

	bad := &Parcel{Weight: -1}
	s.Add(bad)
	if err := s.Commit(ctx); err == nil || !bad.CreatedAt.IsZero() || bad.Seen != nil {
		t.Errorf("%v; after a failed flight: %+v", err, bad)
	}
	must(t, s.Rollback(ctx))

	p, err = parcels.Get(ctx, s, p.ID)
	must(t, err)
	for name, change := range map[string]func(){
		"updated_at": func() { p.UpdatedAt = p.UpdatedAt.Add(1e9) },
		"created_at": func() { p.CreatedAt = time.Time{} },
	} {
		before := *p
		change()
		err := s.Flush(ctx)
		if err == nil || !strings.Contains(err.Error(), `column "`+name+`" is set by the flush`) {
			t.Errorf("%s: %v", name, err)
		}
		*p = before
	}
}

// TestAppTimestamps_of_a_cancelled_flush sends nothing and sets nothing.
func TestAppTimestamps_of_a_cancelled_flush(t *testing.T) {
	t.Parallel()
	parcels := retort.NewTable[Parcel]("parcels")
	k := retorttest.New(t, retort.NewBase(parcels)) // the clock is the real one
	ctx, cancel := context.WithCancel(t.Context())
	s := k.Engine.Session()
	defer s.Close(t.Context())
	p := &Parcel{}
	s.Add(p)
	cancel()
	if err := s.Commit(ctx); !errors.Is(err, context.Canceled) || !p.CreatedAt.IsZero() {
		t.Errorf("%v, %v", err, p.CreatedAt)
	}
	before := time.Now().Truncate(time.Microsecond)
	must(t, s.Commit(t.Context()))
	if p.CreatedAt.Before(before) || p.CreatedAt.Location() != time.UTC || p.CreatedAt != p.UpdatedAt {
		t.Errorf("created %v, updated %v", p.CreatedAt, p.UpdatedAt)
	}
}

type wrongStamp struct {
	retort.UUIDKey
	When string
	Day  time.Time
	Made time.Time
}

func (wrongStamp) Define(d *retort.Definition[wrongStamp]) {
	d.Column(&d.C.When).ClockOnInsert()
	d.Column(&d.C.Day).Type("date").ClockOnWrite()
	d.Column(&d.C.Made).Generated("now()").ClockOnWrite()
}

func TestClockOnInsert_refuses_other_columns(t *testing.T) {
	t.Parallel()
	text := baseError(t, retort.NewTable[wrongStamp]("wrong"))
	for _, want := range []string{
		`Column "when": ClockOnInsert and ClockOnWrite are for a time.Time in a timestamptz or timestamp, not for string in text`,
		`Column "day": ClockOnInsert and ClockOnWrite are for a time.Time in a timestamptz or timestamp, not for time.Time in date`,
		`Column "made": a key or generated column is not set by the flush`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestAppTimestamps_inside_another_statement has writes that were made long before
// they are sent, as a package's variables are.
func TestAppTimestamps_inside_another_statement(t *testing.T) {
	t.Parallel()
	parcels := retort.NewTable[Parcel]("parcels")
	watch := newClock()
	k := retorttest.New(t, retort.NewBase(parcels), func(c *retort.Config) { c.Clock = func() time.Time { return watch.now } })
	ctx := t.Context()
	k.Exec(t, "CREATE UNIQUE INDEX ON parcels (weight)")
	commit(t, k.Engine, &Parcel{Weight: 1})
	c := parcels.C
	var row struct{ UpdatedAt time.Time }
	back := retort.Into(&row.UpdatedAt, &c.UpdatedAt)
	id := retort.Into(&c.ID, retort.Fragment[uuid.UUID]("gen_random_uuid()").NotNull())
	heavier := retort.InsertFrom(parcels, parcels.Query(), id, retort.Into(&c.Weight, retort.Fragment[int]("$1 + 1", &c.Weight).NotNull()))
	again := retort.InsertFrom(parcels, parcels.Query(), id, retort.Into(&c.Weight, &c.Weight)).OnConflict(&c.Weight).
		DoUpdate(retort.Set(&c.Weight, 1))
	writes := []struct {
		name string
		cte  retort.RowsOf[struct{ UpdatedAt time.Time }]
	}{
		{"UPDATE", retort.Returning(parcels.Update(retort.Set(&c.Weight, 1)).AllRows(), &row, back)},
		{"INSERT", retort.Returning(heavier, &row, back)},
		{"upsert", retort.Returning(again, &row, back)},
	}
	made := map[string]*retort.Table[struct{ UpdatedAt time.Time }]{}
	for _, w := range writes {
		made[w.name] = retort.CTE("written", w.cte)
	}
	whole := retort.CTE("written", parcels.Update(retort.Set(&c.Weight, 1)).AllRows())
	for range 2 {
		for _, w := range writes {
			now := watch.tick(time.Hour)
			s := k.Engine.Session()
			got, err := retort.Values(made[w.name].Query(), retort.Col(&made[w.name].C.UpdatedAt)).All(ctx, s)
			must(t, err)
			if !cmp.Equal(got, []time.Time{now}) {
				t.Errorf("%s at %v wrote %v", w.name, now, got)
			}
			must(t, s.Close(ctx))
		}
		now := watch.tick(time.Hour)
		s := k.Engine.Session()
		times, err := retort.Values(whole.Query(), retort.Col(&whole.C.UpdatedAt)).All(ctx, s)
		must(t, err)
		if !cmp.Equal(times, []time.Time{now}) {
			t.Errorf("UPDATE of whole rows at %v wrote %v", now, times)
		}
		must(t, s.Close(ctx))
	}
}
