package retort_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest/proxy"
)

// TestOutcomes_results brings back what the database had made, as far as anybody
// can know it.
func TestOutcomes_results(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	// lose takes all answers away, once one is there: none comes before n rows are
	// stored, and a cut any earlier might roll them back.
	lose := func(b bench, count string, n int64) {
		var done atomic.Bool // the fence meets the rule, too
		b.Proxy.CutBefore(func(m proxy.Message) bool {
			if m.Frontend || m.Type != '1' && m.Type != '2' || !done.CompareAndSwap(false, true) {
				return false
			}
			waitFor(t, "the rows", func() bool { return b.QueryInt(t, count) == n })
			return true
		})
	}

	t.Run("of_many_rows", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		s := b.session(t)
		const n = 1200 // more than one round trip reads again
		old := make([]*Payment, n)
		for i := range old {
			old[i] = &Payment{Amount: int64(i)}
			s.Add(old[i])
		}
		lose(b, "SELECT count(*) FROM payments", n)
		must(t, s.Commit(ctx))
		for i, p := range old {
			if p.Version.Version != 1 || p.CreatedAt.IsZero() || p.Amount != int64(i) {
				t.Fatalf("payment %d: %+v", i, p)
			}
			p.Amount += 10_000
		}
		s.Delete(old[0])
		lose(b, "SELECT count(*) FROM payments WHERE version = 2", n-1)
		must(t, s.Commit(ctx))
		wantState(t, s, old[0], "detached")
		for _, p := range old[1:] {
			if p.Version.Version != 2 || p.Amount < 10_000 {
				t.Fatalf("%+v", p)
			}
		}
		if n := b.QueryInt(t, "SELECT sum(version) FROM payments"); n != 2*1199 {
			t.Errorf("the versions' sum is %d", n)
		}
	})
	t.Run("as_somebody_else_has_changed_it_since", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		b.Exec(t, "CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN UPDATE payments SET amount = 99, version = 7 WHERE NOT new.committed OR new.at > clock_timestamp() - interval ''1 day''; RETURN new; END'")
		b.Exec(t, "CREATE TRIGGER later BEFORE UPDATE ON commit_outcomes FOR EACH ROW EXECUTE FUNCTION later()") // the fence is the somebody
		s := b.session(t)
		p := &Payment{Amount: 1}
		s.Add(p)
		lose(b, "SELECT count(*) FROM payments", 1)
		must(t, s.Commit(ctx))
		if p.Amount != 99 || p.Version.Version != 7 {
			t.Errorf("half a row: %+v", p)
		}
	})
	t.Run("past_the_filters_and_the_level_of_the_session", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		none := retort.FilterWhere("none", Payments, retort.Lt(&Payments.C.Amount, 0))
		s := b.session(t, retort.TxOptions{Isolation: retort.Serializable, Filters: []retort.Filter{none}})
		p := &Payment{Amount: 1}
		s.Add(p)
		lose(b, "SELECT count(*) FROM payments", 1)
		must(t, s.Commit(ctx))
		if p.Version.Version != 1 || p.CreatedAt.IsZero() {
			t.Errorf("%+v", p)
		}
	})
	t.Run("when_the_second_look_is_cut_as_well", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		for cuts, want := range []bool{true, true, true, false} { // it is sent three times
			s := b.session(t)
			ps := []*Payment{{Amount: 1}, {Amount: 2}}
			s.Add(ps[0], ps[1])
			lose(b, "SELECT count(*) FROM payments", int64(2*cuts+2))
			var reads atomic.Bool
			looks := proxy.Runs(`FROM "payments"`)
			cut := b.Proxy.CutBefore(func(m proxy.Message) bool {
				if looks(m) {
					reads.Store(true)
				}
				return m.Type == 'Z' && !m.Frontend && reads.CompareAndSwap(true, false) // all rows are there
			}).Times(cuts)
			err := s.Commit(ctx)
			if cut.Fired() != cuts {
				t.Fatalf("%d cuts, want %d", cut.Fired(), cuts)
			}
			if _, committed := errors.AsType[*retort.CommittedError](err); want && err != nil || !want && !committed {
				t.Errorf("cut %d times: %v", cuts, err)
			}
			for i, p := range ps {
				if want && (p.Version.Version != 1 || p.CreatedAt.IsZero() || p.Amount != int64(i+1)) {
					t.Errorf("cut %d times: %+v", cuts, p)
				}
			}
		}
	})
	t.Run("but_not_keys_of_the_database", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		for n := 1; n <= 2; n++ { // one row, and several
			s := b.session(t)
			after := 0
			s.AfterCommit(func(context.Context) error { after++; return nil })
			rs := make([]any, n)
			for i := range rs {
				rs[i] = &Receipt{}
			}
			s.Add(rs...)
			lose(b, "SELECT count(*) FROM receipts", int64(n*(n+1)/2))
			err := s.Commit(ctx)
			if _, ok := errors.AsType[*retort.CommittedError](err); !ok || errors.Is(err, retort.ErrCommitUnknown) || after != 1 {
				t.Errorf("%d rows: %v, %d calls behind COMMIT", n, err, after)
			}
			wantState(t, s, rs[0], "detached")
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM receipts"); n != 3 {
			t.Errorf("%d rows", n)
		}
		s := b.session(t)
		r := &Receipt{}
		s.Add(r)
		b.Proxy.CutBefore(proxy.CommitReply) // they had come before the cut
		must(t, s.Commit(ctx))
		if r.ID == 0 {
			t.Error("the key is missing")
		}
	})
	t.Run("nor_rows_that_go_between_two_looks", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		s := b.session(t)
		s.Add(&Payment{})
		lose(b, "SELECT count(*) FROM payments", 1)
		var reads atomic.Bool
		looks := proxy.Runs(`FROM "payments"`)
		b.Proxy.CutBefore(func(m proxy.Message) bool {
			if looks(m) {
				reads.Store(true)
			}
			if m.Type != 'Z' || m.Frontend || !reads.CompareAndSwap(true, false) {
				return false
			}
			b.Exec(t, "DELETE FROM payments") // the row came, and is cut off
			return true
		})
		err := s.Commit(ctx)
		if _, ok := errors.AsType[*retort.CommittedError](err); !ok {
			t.Errorf("got %v", err)
		}
		wantErr(t, err, nil, "payments", "not there any more")
	})
	t.Run("nor_rows_that_are_gone", func(t *testing.T) {
		t.Parallel()
		b := newTill(t)
		b.Exec(t, "CREATE FUNCTION gone() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DELETE FROM payments; RETURN new; END'")
		b.Exec(t, "CREATE TRIGGER gone BEFORE UPDATE ON commit_outcomes FOR EACH ROW EXECUTE FUNCTION gone()")
		s := b.session(t)
		s.Add(&Payment{})
		lose(b, "SELECT count(*) FROM payments", 1)
		err := s.Commit(ctx)
		if _, ok := errors.AsType[*retort.CommittedError](err); !ok {
			t.Errorf("got %v", err)
		}
		wantErr(t, err, nil, "payments", "not there any more")
	})
}
