package retorttest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

// Wood is an enum, which an engine must ask the server for.
type Wood string

// Shelf has a column of an enum, and boxes.
type Shelf struct {
	retort.BigintKey
	Wood  Wood
	Boxes retort.Many[Box]
}

// Box stands on a shelf.
type Box struct {
	retort.BigintKey
	ShelfID int64
}

// Define declares the boxes.
func (Shelf) Define(d *retort.Definition[Shelf]) {
	retort.HasMany(d, &d.C.Boxes, Boxes, func(b *Box) *int64 { return &b.ShelfID })
}

// Define declares where a box stands.
func (Box) Define(d *retort.Definition[Box]) { d.References(&d.C.ShelfID, &Shelves.C.ID) }

var (
	Shelves = retort.NewTable[Shelf]("shelves")
	Boxes   = retort.NewTable[Box]("boxes")
	joinery = retort.NewBase(Shelves, Boxes, retort.NewEnum("wood", Wood("oak"), Wood("beech")))
)

// What an engine asks for itself is neither counted nor a place for a fault.
func TestKit_leaves_out_what_the_engine_asks_for_itself(t *testing.T) {
	t.Parallel()
	add := func(_ context.Context, s *retort.Session, wood *Wood) (*Shelf, error) {
		shelf := &Shelf{Wood: *wood}
		s.Add(shelf)
		return shelf, nil
	}
	oak := Wood("oak")
	t.Run("the_types_of_a_first_connection_are_not_counted", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, joinery)
		trips := 0
		asked := k.Statements(func() {
			trips = k.RoundTrips(func() {
				if _, err := retorttest.Call(t, k, add, &oak); err != nil {
					t.Error(err)
				}
			})
		})
		if trips != 1 || len(asked) != 1 {
			t.Errorf("%d round trips for %q", trips, asked)
		}
		if all := k.Proxy.RoundTrips(); all != 2 {
			t.Errorf("%d round trips on the wire: nothing was there to be left out", all)
		}
	})
	t.Run("the_look_for_the_outcome_table_is_neither_counted_nor_a_place", func(t *testing.T) {
		t.Parallel()
		outcomes := retort.NewOutcomes("commit_outcomes")
		base := retort.NewBase(Shelves, Boxes, retort.NewEnum("wood", Wood("oak"), Wood("beech")), outcomes.Table)
		with := func(cfg *retort.Config) { cfg.Outcomes = outcomes }

		k := retorttest.New(t, base, with)
		k.WantTrips(t, 1, func() {
			if _, err := retorttest.Call(t, k, add, &oak); err != nil {
				t.Error(err)
			}
		})
		if all := k.Proxy.RoundTrips(); all != 3 {
			t.Errorf("%d round trips on the wire: nothing was there to be left out", all)
		}

		k = retorttest.New(t, base, with)
		fault := k.Fail(retorttest.OnStatement(1), "23505")
		_, err := retorttest.Call(t, k, add, &oak)
		if pgerr.KindOf(err) != pgerr.Unique || fault.Fired() != 1 {
			t.Errorf("%v, fired %d", err, fault.Fired())
		}
	})
	t.Run("what_travels_with_BEGIN_and_COMMIT_is_neither_counted_nor_a_place", func(t *testing.T) {
		t.Parallel()
		outcomes := retort.NewOutcomes("commit_outcomes")
		base := retort.NewBase(Shelves, Boxes, retort.NewEnum("wood", Wood("oak"), Wood("beech")), outcomes.Table)
		k := retorttest.New(t, base, func(cfg *retort.Config) { cfg.Outcomes = outcomes })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for name, opts := range map[string]retort.TxOptions{
			"a deadline": {},
			"a tenant":   {Settings: map[string]string{"app.tenant": "1"}},
			"no outcome": {SkipOutcome: true, LockTimeout: time.Second},
		} {
			run := func() error {
				_, err := retort.Run(ctx, k.Engine, opts, func(ctx context.Context, s *retort.Session) (*Shelf, error) { return add(ctx, s, &oak) })
				return err
			}
			var err error
			if asked := k.Statements(func() { err = run() }); err != nil || len(asked) != 1 || !strings.Contains(asked[0], "INSERT INTO \"shelves\"") {
				t.Errorf("%s: %v, %q", name, err, asked)
			}
			fault := k.Fail(retorttest.OnStatement(1), "23505")
			if err := run(); pgerr.KindOf(err) != pgerr.Unique || fault.Fired() != 1 {
				t.Errorf("%s: %v, fired %d", name, err, fault.Fired())
			}
		}
		all := strings.Join(k.Proxy.Executions(), " ")
		for _, label := range []string{"session.settings", "session.deadline", "outcome.insert"} {
			if !strings.Contains(all, label) {
				t.Errorf("nothing of %s was there to be left out", label)
			}
		}
	})
	t.Run("the_reset_behind_raw_SQL_is_not_counted_however_soon_it_comes", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, joinery)
		trips := k.RoundTrips(func() {
			s := k.Engine.Session()
			_, err := s.Exec(t.Context(), "SELECT 1")
			if err = errors.Join(err, s.Close(t.Context())); err != nil {
				t.Error(err)
			}
			for begin := time.Now(); k.Engine.Stats().InUse > 0 && time.Since(begin) < 10*time.Second; {
				time.Sleep(time.Millisecond)
			}
		})
		all, texts := k.Proxy.RoundTrips(), k.Proxy.Executions()
		if last := texts[len(texts)-1]; trips != 2 || all != 4 || !strings.Contains(last, "flight.reset") {
			t.Errorf("%d round trips of %d on the wire (types and reset among them), the last for %q", trips, all, last)
		}
	})
	t.Run("the_first_statement_is_the_test's_own", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, joinery)
		fault := k.Fail(retorttest.OnStatement(1), "23505")
		_, err := retorttest.Call(t, k, add, &oak)
		if pgerr.KindOf(err) != pgerr.Unique || fault.Fired() != 1 {
			t.Errorf("%v", err)
		}
	})
	t.Run("the_end_of_a_read_is_no_COMMIT", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, joinery)
		fault := k.Fail(retorttest.OnCommit, "40001")
		s := k.Engine.Session()
		defer s.Close(t.Context())
		if _, err := Shelves.With(&Shelves.C.Boxes).All(t.Context(), s); err != nil || fault.Fired() != 0 {
			t.Errorf("a read with relations: %v, fired %d", err, fault.Fired())
		}
		if _, err := k.Engine.Snapshot(t.Context(), "SELECT 'x'"); err != nil || fault.Fired() != 0 {
			t.Errorf("a snapshot: %v, fired %d", err, fault.Fired())
		}
		if _, err := retorttest.Call(t, k, add, &oak); pgerr.KindOf(err) != pgerr.Serialization || fault.Fired() != 1 {
			t.Errorf("a write: %v, fired %d", err, fault.Fired())
		}
	})
}
