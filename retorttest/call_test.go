package retorttest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

func TestCall(t *testing.T) {
	t.Parallel()
	t.Run("commits_and_returns_what_the_database_made", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, shop)
		var item *Item
		var err error
		k.WantTrips(t, 1, func() { item, err = retorttest.Call(t, k, create, &Item{Name: "Emma"}) })
		if err != nil || item.CreatedAt.IsZero() || item.Version.Version != 1 {
			t.Fatalf("%+v, %v", item, err)
		}
		if n := k.QueryInt(t, "SELECT count(*) FROM items WHERE id = $1", item.ID); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("keeps_nothing_of_a_handler_that_failed", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, shop)
		item, err := retorttest.Call(t, k, create, &Item{Name: "Emma", Price: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := retorttest.Call(t, k, sell, &Sale{ID: item.ID, Price: -1}); err == nil {
			t.Error("no error")
		}
		if got := k.Rows(t, "SELECT price, version FROM items"); got[0] != "1 | 1" {
			t.Errorf("%q", got)
		}
	})
	t.Run("fails_when_the_real_COMMIT_fails", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, shop)
		k.Exec(t, "ALTER TABLE items DROP CONSTRAINT uq_items_name, ADD CONSTRAINT uq_items_name UNIQUE (name) DEFERRABLE INITIALLY DEFERRED")
		if _, err := retorttest.Call(t, k, create, &Item{Name: "Emma"}); err != nil {
			t.Fatal(err)
		}
		_, err := retorttest.Call(t, k, create, &Item{Name: "Emma"})
		if e := pgerr.Constraint(err); e == nil || e.Constraint != "uq_items_name" {
			t.Errorf("error %v", err)
		}
		if n := k.QueryInt(t, "SELECT count(*) FROM items"); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("repeats_where_the_options_say_so", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, shop)
		fault := k.Fail(retorttest.OnCommit, "40001").Times(2)
		if _, err := retorttest.Call(t, k, create, &Item{Name: "Emma"}, retort.TxOptions{Repeatable: true}); err != nil {
			t.Errorf("after %d faults: %v", fault.Fired(), err)
		}
		if n := k.QueryInt(t, "SELECT count(*) FROM items"); n != 1 || fault.Fired() != 2 {
			t.Errorf("%d rows, %d faults", n, fault.Fired())
		}
		k.Fail(retorttest.OnCommit, "40001")
		if _, err := retorttest.Call(t, k, create, &Item{Name: "other"}); pgerr.Code(err) != "40001" {
			t.Errorf("the control, not repeatable: %v", err)
		}
	})
}

func TestTwice(t *testing.T) {
	t.Parallel()
	repeatable := retort.TxOptions{Repeatable: true}
	ctx := func(t *testing.T) context.Context { t.Helper(); return t.Context() }
	t.Run("runs_a_repeatable_function_twice_and_writes_once", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, shop, retorttest.Twice)
		runs := 0
		_, err := retort.Run(ctx(t), k.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (*Item, error) {
			runs++
			return create(ctx, s, &Item{Name: "Emma"})
		})
		if n := k.QueryInt(t, "SELECT count(*) FROM items"); err != nil || runs != 2 || n != 1 {
			t.Errorf("%d runs, %d rows, %v", runs, n, err)
		}
	})
	t.Run("runs_what_is_not_repeatable_once", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, shop, retorttest.Twice)
		runs := 0
		_, err := retorttest.Call(t, k, func(ctx context.Context, s *retort.Session, in *Item) (*Item, error) {
			runs++
			return create(ctx, s, in)
		}, &Item{Name: "Emma"})
		if err != nil || runs != 1 {
			t.Errorf("%d runs, %v", runs, err)
		}
	})
	t.Run("finds_a_function_that_writes_only_at_first", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, shop, retorttest.Twice)
		done := false
		once := func(ctx context.Context, s *retort.Session, in *Item) (*Item, error) {
			if done {
				return in, nil
			}
			done = true
			return create(ctx, s, in)
		}
		_, err := retorttest.Call(t, k, once, &Item{Name: "Emma"}, repeatable)
		if !errors.Is(err, retort.ErrNotRepeatable) || !strings.Contains(err.Error(), "1 changes to objects at first, 0 then") {
			t.Errorf("error %v", err)
		}
		// The control: without the mode the write is lost at the first conflict.
		bare := retorttest.New(t, shop)
		done = false
		bare.Fail(retorttest.OnCommit, "40001")
		_, err = retorttest.Call(t, bare, once, &Item{Name: "Emma"}, repeatable)
		if n := bare.QueryInt(t, "SELECT count(*) FROM items"); err != nil || n != 0 {
			t.Errorf("the control: %d rows, %v", n, err)
		}
	})
	t.Run("finds_a_function_that_fails_the_second_time", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, shop, retorttest.Twice)
		tickets := make(chan string, 1)
		tickets <- "Emma"
		errSoldOut := errors.New("sold out")
		_, err := retorttest.Call(t, k, func(ctx context.Context, s *retort.Session, _ *struct{}) (*Item, error) {
			select {
			case name := <-tickets:
				return create(ctx, s, &Item{Name: name})
			default:
				return nil, errSoldOut
			}
		}, &struct{}{}, repeatable)
		if !errors.Is(err, retort.ErrNotRepeatable) || !errors.Is(err, errSoldOut) {
			t.Errorf("error %v", err)
		}
		if n := k.QueryInt(t, "SELECT count(*) FROM items"); n != 0 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("returns_the_error_of_a_first_run_as_it_is", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, shop, retorttest.Twice)
		item, err := retorttest.Call(t, k, create, &Item{Name: "Emma"}, repeatable)
		if err != nil {
			t.Fatal(err)
		}
		_, err = retorttest.Call(t, k, sell, &Sale{ID: item.ID, Price: -1}, repeatable)
		if err == nil || errors.Is(err, retort.ErrNotRepeatable) {
			t.Errorf("error %v", err)
		}
		// What a constraint says comes out of the first run's flush.
		_, err = retorttest.Call(t, k, create, &Item{Name: "Emma"}, repeatable)
		if e := pgerr.Constraint(err); e == nil || errors.Is(err, retort.ErrNotRepeatable) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("is_over_when_the_database_wants_the_first_run_again", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, shop, retorttest.Twice)
		fault := k.Fail(retorttest.OnLabel("session.flush"), "40P01")
		if _, err := retorttest.Call(t, k, create, &Item{Name: "Emma"}, repeatable); err != nil || fault.Fired() != 1 {
			t.Errorf("%d faults, %v", fault.Fired(), err)
		}
	})
}

func TestCost(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, shop)
	item, err := retorttest.Call(t, k, create, &Item{Name: "Emma"})
	if err != nil {
		t.Fatal(err)
	}
	change := func() {
		if _, err := retorttest.Call(t, k, sell, &Sale{ID: item.ID, Price: 3}); err != nil {
			t.Error(err)
		}
	}
	got := k.Statements(change)
	if len(got) != 2 || !strings.Contains(got[0], "SELECT") || !strings.Contains(got[1], "UPDATE") {
		t.Errorf("statements %q", got)
	}
	read := func() {
		s := k.Engine.Session()
		defer s.Close(t.Context())
		if _, err := Items.Get(t.Context(), s, item.ID); err != nil {
			t.Error(err)
		}
	}
	k.WantTrips(t, 1, read)
	k.WantStatements(t, 1, read)
	// The control: both fail, and show the texts.
	for name, want := range map[string]func(tb testing.TB){
		"trips":      func(tb testing.TB) { tb.Helper(); k.WantTrips(tb, 2, read) },
		"statements": func(tb testing.TB) { tb.Helper(); k.WantStatements(tb, 2, read) },
	} {
		spy := &spy{TB: t}
		want(spy)
		if len(spy.said) != 1 || !strings.Contains(spy.said[0], "1 "+map[string]string{"trips": "round trips", "statements": "statements"}[name]+", want 2") ||
			!strings.Contains(spy.said[0], "session.get") {
			t.Errorf("%s: it said %q", name, spy.said)
		}
	}
}
