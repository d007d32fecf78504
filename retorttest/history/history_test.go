package history_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	. "github.com/retort-go/retort/retorttest/history"
)

// TestCheck has histories that were published as anomalies, each with the weakest
// level that forbids it: it must be found there and not below.
func TestCheck(t *testing.T) {
	t.Parallel()
	txn := func(ops ...Op) Txn { return Txn{Ops: ops} }
	aborted := func(ops ...Op) Txn { return Txn{Ops: ops, Status: Aborted} }
	tests := []struct {
		name string
		kind Kind
		from Level
		txns []Txn
	}{
		// Elle's README: T0 saw T1's append of 1 to y, and appended before it to x.
		{"Elle_README_G1c", G1c, ReadCommitted, []Txn{
			txn(Append("x", 1), Read("y", 1)),
			txn(Append("x", 2), Append("y", 1)),
			txn(Read("x", 1, 2)),
		}},
		// Adya's H_wcycle: two writers of two objects, in either order.
		{"Adya_H_wcycle_G0", G0, ReadUncommitted, []Txn{
			txn(Append("x", 1), Append("y", 1)),
			txn(Append("x", 2), Append("y", 2)),
			txn(Read("x", 1, 2)), txn(Read("y", 2, 1)),
		}},
		// Hermitage's g1a: what was rolled back was read.
		{"Hermitage_G1a", G1a, ReadCommitted, []Txn{
			txn(Append("x", 1)), aborted(Append("x", 2)), txn(Read("x", 1, 2)),
		}},
		// Hermitage's g1b: read between two writes of one transaction.
		{"Hermitage_G1b", G1b, ReadCommitted, []Txn{
			txn(Append("x", 1), Append("x", 2)), txn(Read("x", 1)), txn(Read("x", 1, 2)),
		}},
		// Hermitage's g1c: two that read each other's writes.
		{"Hermitage_G1c", G1c, ReadCommitted, []Txn{
			txn(Append("x", 1), Read("y", 1)), txn(Append("y", 1), Read("x", 1)),
		}},
		// Berenson's H2, read skew: x from before, y from behind the other one.
		{"Berenson_read_skew", GSingle, RepeatableRead, []Txn{
			txn(Read("x"), Read("y", 1)), txn(Append("x", 1), Append("y", 1)), txn(Read("x", 1)),
		}},
		// Berenson's H4, lost update: both read the same and append behind it.
		{"Berenson_lost_update", GSingle, RepeatableRead, []Txn{
			txn(Read("x", 1), Append("x", 2)), txn(Read("x", 1), Append("x", 3)), txn(Append("x", 1)), txn(Read("x", 1, 2, 3)),
		}},
		// Berenson's H5, write skew: each misses the other's write.
		{"Berenson_write_skew", G2, Serializable, []Txn{
			txn(Read("x"), Append("y", 1)), txn(Read("y"), Append("x", 1)), txn(Read("x", 1), Read("y", 1)),
		}},
		// Jepsen's PostgreSQL 12.3: a read-only transaction in a circle of missed writes.
		{"Fekete_read_only", G2, Serializable, []Txn{
			txn(Read("x"), Read("y"), Append("x", 1)), // withdraws
			txn(Append("y", 1)),                       // deposits
			txn(Read("x"), Read("y", 1)),              // reports
			txn(Read("x", 1)),
		}},
		{"a_value_of_nobody", Impossible, ReadUncommitted, []Txn{txn(Read("x", 7))}},
		{"a_value_twice", Impossible, ReadUncommitted, []Txn{txn(Append("x", 7)), txn(Read("x", 7, 7))}},
		{"an_append_used_twice", Impossible, ReadUncommitted, []Txn{txn(Append("x", 7)), txn(Append("x", 7))}},
		{"two_orders", Disagreement, ReadUncommitted, []Txn{
			txn(Append("x", 1)), txn(Append("x", 2)), txn(Read("x", 1, 2)), txn(Read("x", 2, 1)),
		}},
		{"not_its_own_write", Internal, ReadUncommitted, []Txn{txn(Append("x", 1), Read("x"))}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for level := ReadUncommitted; level <= Serializable; level++ {
				got := Check(tt.txns, level)
				if want := level >= tt.from; want != (len(got) > 0) {
					t.Errorf("at level %d: found %v", level, got)
				}
				for _, a := range got {
					if a.Kind != tt.kind || len(a.Txns) == 0 || a.Why == "" {
						t.Errorf("at level %d: found %v, want %s", level, a, tt.kind)
					}
				}
			}
		})
	}

	t.Run("nothing_in_a_serial_history", func(t *testing.T) {
		t.Parallel()
		lists, txns, next := map[string][]int{}, []Txn(nil), 0
		for i := range 5000 {
			var ops []Op
			for j := range 3 {
				key := fmt.Sprint((i*7 + j*3) % 11)
				if (i+j)%2 == 0 {
					next++
					lists[key] = append(lists[key], next)
					ops = append(ops, Append(key, next))
				} else {
					ops = append(ops, Read(key, lists[key]...))
				}
			}
			txns = append(txns, txn(ops...))
		}
		if got := Check(txns, Serializable); got != nil {
			t.Errorf("found %v", got[0])
		}
		if got := Final(txns, lists); got != nil {
			t.Errorf("in the end %v", got[0])
		}
	})

	t.Run("unknown_ones_that_were_rolled_back_may_have_seen_themselves", func(t *testing.T) {
		t.Parallel()
		txns := []Txn{txn(Append("x", 1)), {Ops: []Op{Append("x", 2), Read("x", 1, 2)}, Status: Unknown}, txn(Append("x", 3)), txn(Read("x", 1, 3))}
		if got := Check(txns, Serializable); got != nil {
			t.Errorf("found %v", got)
		}
		txns[1].Status = Committed // the control
		if got := Check(txns, Serializable); len(got) == 0 {
			t.Error("found nothing")
		}
	})

	t.Run("unknown_counts_once_it_is_seen", func(t *testing.T) {
		t.Parallel()
		txns := []Txn{{Ops: []Op{Append("x", 1)}, Status: Unknown}, txn(Read("x", 1)), {Ops: []Op{Append("x", 2)}, Status: Unknown}}
		if got := Check(txns, Serializable); got != nil {
			t.Errorf("found %v", got)
		}
		if got := Final(txns, map[string][]int{"x": {1}}); got != nil {
			t.Errorf("in the end %v", got)
		}
	})
}

func TestFinal(t *testing.T) {
	t.Parallel()
	txns := []Txn{{Ops: []Op{Append("x", 1)}}, {Ops: []Op{Append("x", 2)}, Status: Aborted}, {Ops: []Op{Append("x", 3)}}}
	var kinds []Kind
	for _, a := range Final(txns, map[string][]int{"x": {2, 3}}) {
		kinds = append(kinds, a.Kind)
		if !strings.Contains(a.String(), string(a.Kind)) {
			t.Error(a)
		}
	}
	if diff := cmp.Diff([]Kind{Lost, G1a}, kinds); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestBank(t *testing.T) {
	t.Parallel()
	if n := Bank(10, [][]int64{{5, 5}, {10, 0}, {5, 4}, {11, -1}}); n != 2 {
		t.Errorf("%d wrong reads, want 2", n)
	}
}
