package retort_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// TestRowsWhoseOwnersLeave takes deletions back in orders that are less common.
func TestRowsWhoseOwnersLeave(t *testing.T) {
	t.Parallel()
	ended, cancel := contextDone()
	cancel()
	t.Run("a_new_row_that_is_deleted_and_added_again_keeps_its_new_owners", func(t *testing.T) {
		t.Parallel()
		ctx := t.Context()
		k := retorttest.New(t, shopping)
		s := k.Engine.Session()
		defer s.Close(ctx)
		cart, other, ware, line := &Cart{}, &Cart{}, &Ware{}, &CartLine{}
		s.Add(cart, other, ware)
		must(t, cart.Lines.Append(line))
		must(t, ware.Lines.Append(line))
		s.Delete(line)
		s.Add(line)
		must(t, other.Lines.Append(line))
		if left := val(cart.Lines.All())(t); len(left) > 0 {
			t.Errorf("the first cart holds %v", left)
		}
		must(t, s.Commit(ctx))
		if line.CartID != other.ID || line.WareID != ware.ID {
			t.Errorf("the line is of cart %d, ware %d; want %d and %d", line.CartID, line.WareID, other.ID, ware.ID)
		}
	})
	t.Run("a_new_row_that_goes_with_its_owner_leaves_the_other_one", func(t *testing.T) {
		t.Parallel()
		ctx := t.Context()
		k := retorttest.New(t, shopping)
		k.Exec(t, "INSERT INTO carts DEFAULT VALUES; INSERT INTO wares DEFAULT VALUES")
		s := k.Engine.Session()
		defer s.Close(ctx)
		cart := val(carts.With(&carts.C.Lines).One(ctx, s))(t)
		ware := val(wares.With(&wares.C.Lines).One(ctx, s))(t)
		line := &CartLine{}
		must(t, cart.Lines.Append(line))
		must(t, ware.Lines.Append(line))
		s.Delete(cart)
		must(t, s.Flush(ctx))
		if left := val(ware.Lines.All())(t); len(left) > 0 {
			t.Errorf("the ware holds a line that was never written: %v", left)
		}
	})
	reports := func(t *testing.T) (bench, *retort.Session, map[string]*Person) {
		b := blogBench(t)
		commit(t, b.Engine, &Person{Name: "boss", Reports: retort.ManyOf(&Person{Name: "a"}, &Person{Name: "b"})},
			&Person{Name: "other", Reports: retort.ManyOf(&Person{Name: "c"})})
		s := b.session(t)
		of := make(map[string]*Person)
		for _, p := range val(people.With(&people.C.Reports, &people.C.Boss).All(t.Context(), s))(t) {
			of[p.Name] = p
		}
		return b, s, of
	}
	stored := func(t *testing.T, b bench, want ...string) {
		t.Helper()
		got := b.Rows(t, "SELECT p.name || ':' || coalesce(o.name, '') FROM people p LEFT JOIN people o ON o.id = p.boss_id ORDER BY 1")
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	}
	for name, put := range map[string]func(to, row *Person) error{
		"Append": func(to, row *Person) error { return to.Reports.Append(row) },
		"Set":    func(to, row *Person) error { return row.Boss.Set(to) },
	} {
		t.Run("a_row_that_was_put_elsewhere_meanwhile_stays_there_by_"+name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			b, s, of := reports(t)
			s.Delete(of["boss"], of["other"])
			wantErr(t, s.Flush(ended), context.Canceled)
			must(t, put(of["c"], of["a"]))
			s.Add(of["other"]) // so that the rows of the boss are looked at once more
			must(t, s.Commit(ctx))
			stored(t, b, "a:c", "b:", "c:other", "other:")
		})
		t.Run("an_owner_that_stays_does_not_hold_what_was_put_elsewhere_by_"+name, func(t *testing.T) {
			t.Parallel()
			b, s, of := reports(t)
			s.Delete(of["boss"])
			wantErr(t, s.Flush(ended), context.Canceled)
			must(t, put(of["c"], of["a"]))
			s.Add(of["boss"])
			if held := val(of["boss"].Reports.All())(t); len(held) != 1 || held[0] != of["b"] {
				t.Errorf("the boss holds %v", held)
			}
			must(t, s.Commit(t.Context()))
			stored(t, b, "a:c", "b:boss", "boss:", "c:other", "other:")
		})
	}
	for name, first := range map[string]func(t *testing.T, s *retort.Session){
		"":                            func(*testing.T, *retort.Session) {},
		"_behind_a_flush_that_failed": func(t *testing.T, s *retort.Session) { wantErr(t, s.Flush(ended), context.Canceled) },
	} {
		t.Run("a_row_that_was_put_elsewhere_by_its_column_stays_there"+name, func(t *testing.T) {
			t.Parallel()
			b, s, of := reports(t)
			s.Delete(of["boss"], of["other"])
			first(t, s)
			of["a"].BossID = &of["c"].ID
			s.Add(of["other"])
			must(t, s.Commit(t.Context()))
			stored(t, b, "a:c", "b:", "c:other", "other:")
		})
	}
	t.Run("a_row_that_stays_loses_the_owner_that_goes", func(t *testing.T) {
		t.Parallel()
		b, s, of := reports(t)
		s.Delete(of["a"])
		wantErr(t, s.Flush(ended), context.Canceled)
		s.Delete(of["boss"])
		wantErr(t, s.Flush(ended), context.Canceled)
		s.Add(of["a"])
		must(t, s.Commit(t.Context()))
		stored(t, b, "a:", "b:", "c:other", "other:")
	})
	t.Run("a_row_that_is_appended_to_an_owner_that_goes_loses_it", func(t *testing.T) {
		t.Parallel()
		b, s, of := reports(t)
		s.Delete(of["boss"])
		wantErr(t, s.Flush(ended), context.Canceled)
		must(t, of["boss"].Reports.Append(of["c"]))
		must(t, s.Commit(t.Context()))
		stored(t, b, "a:", "b:", "c:", "other:")
	})
	t.Run("rows_that_were_loaded_since_they_refused_a_deletion_go_with_it", func(t *testing.T) {
		t.Parallel()
		ctx := t.Context()
		k := retorttest.New(t, shopping)
		k.Exec(t, "INSERT INTO carts DEFAULT VALUES; INSERT INTO wares DEFAULT VALUES; INSERT INTO cart_lines (cart_id, ware_id) VALUES (1, 1)")
		s := k.Engine.SessionWith(retort.TxOptions{NoAutoflush: true})
		defer s.Close(ctx)
		cart := val(carts.Query().One(ctx, s))(t)
		s.Delete(cart)
		wantErr(t, s.Flush(ctx), nil, "LoadRelated")
		must(t, retort.LoadRelated(ctx, s, []*Cart{cart}, &carts.C.Lines))
		must(t, s.Commit(ctx))
	})
}
