package retorttest_test

import (
	"errors"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/retorttest/proxy"
)

// retried lists each fault with what a handler sees of it, and whether a
// repeatable one gets over it.
func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		arm  func(k *retorttest.Kit) *proxy.Rule
		once func(err error) bool // the error without repeating
		rows int64                // which that one left
		over bool                 // repeatable: it succeeds
	}{
		{
			name: "Fail_OnCommit_40001",
			arm:  func(k *retorttest.Kit) *proxy.Rule { return k.Fail(retorttest.OnCommit, "40001") },
			once: is(pgerr.Serialization), over: true,
		},
		{
			name: "Fail_OnBegin_40P01",
			arm:  func(k *retorttest.Kit) *proxy.Rule { return k.Fail(retorttest.OnBegin, "40P01") },
			once: is(pgerr.Deadlock), over: true,
		},
		{
			name: "Fail_OnStatement_40001",
			arm:  func(k *retorttest.Kit) *proxy.Rule { return k.Fail(retorttest.OnStatement(1), "40001") },
			once: is(pgerr.Serialization), over: true,
		},
		{
			name: "Fail_OnLabel_23505",
			arm: func(k *retorttest.Kit) *proxy.Rule {
				return k.Fail(retorttest.OnLabel("session.flush"), "23505")
			},
			once: func(err error) bool { return pgerr.Constraint(err) != nil },
		},
		{
			name: "Fail_OnSQL_55P03",
			arm:  func(k *retorttest.Kit) *proxy.Rule { return k.Fail(retorttest.OnSQL(`insert into "items"`), "55P03") },
			once: is(pgerr.LockNotAvailable),
		},
		{
			// The engine itself flies again: the server left before it read COMMIT.
			name: "Fail_OnStatement_57P01",
			arm:  func(k *retorttest.Kit) *proxy.Rule { return k.Fail(retorttest.OnStatement(1), "57P01") },
			once: func(err error) bool { return err == nil }, rows: 1,
		},
		{
			name: "CutReply_OnCommit",
			arm:  func(k *retorttest.Kit) *proxy.Rule { return k.CutReply(retorttest.OnCommit) },
			once: func(err error) bool { return errors.Is(err, retort.ErrCommitUnknown) }, rows: 1,
		},
		{
			name: "CutBefore_OnCommit",
			arm:  func(k *retorttest.Kit) *proxy.Rule { return k.CutBefore(retorttest.OnCommit) },
			once: func(err error) bool { return errors.Is(err, retort.ErrCommitUnknown) },
		},
		{
			name: "Delay_OnCommit",
			arm:  func(k *retorttest.Kit) *proxy.Rule { return k.Delay(retorttest.OnCommit, time.Millisecond) },
			once: func(err error) bool { return err == nil }, rows: 1,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := retorttest.New(t, shop)
			if _, err := retorttest.Call(t, k, create, &Item{Name: "before"}); err != nil {
				t.Fatal(err)
			}
			rule := tt.arm(k)
			_, err := retorttest.Call(t, k, create, &Item{Name: "Emma"})
			if !tt.once(err) || rule.Fired() != 1 {
				t.Fatalf("error %v, fired %d", err, rule.Fired())
			}
			count := "SELECT count(*) FROM items WHERE name = 'Emma'"
			if n := k.QueryInt(t, count); n != tt.rows {
				t.Errorf("%d rows, want %d", n, tt.rows)
			}
			k.Exec(t, "DELETE FROM items WHERE name = 'Emma'")
			rule = tt.arm(k)
			_, err = retorttest.Call(t, k, create, &Item{Name: "Emma"}, retort.TxOptions{Repeatable: true})
			if rule.Fired() != 1 {
				t.Fatalf("fired %d", rule.Fired())
			}
			if tt.over {
				if n := k.QueryInt(t, count); err != nil || n != 1 {
					t.Errorf("repeatable: %d rows, %v", n, err)
				}
			} else if !tt.once(err) {
				t.Errorf("repeatable: %v", err)
			}
			if _, err := retorttest.Call(t, k, create, &Item{Name: "after"}); err != nil {
				t.Errorf("the next one: %v", err)
			}
		})
	}
	t.Run("Refuse", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, shop)
		if _, err := retorttest.Call(t, k, create, &Item{Name: "before"}); err != nil {
			t.Fatal(err)
		}
		k.Refuse(true)
		_, err := retorttest.Call(t, k, create, &Item{Name: "Emma"})
		if _, ok := errors.AsType[*pgerr.ConnectError](err); !ok {
			t.Errorf("error %v", err)
		}
		k.Refuse(false)
		if _, err := retorttest.Call(t, k, create, &Item{Name: "Emma"}); err != nil {
			t.Errorf("after the outage: %v", err)
		}
	})
}

func is(kind pgerr.Kind) func(error) bool {
	return func(err error) bool { return pgerr.KindOf(err) == kind }
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	q := func(sql string) proxy.Message { return proxy.Message{Frontend: true, Type: 'Q', SQL: sql} }
	t.Run("count_only_a_tests_own_statements", func(t *testing.T) {
		t.Parallel()
		second := retorttest.OnStatement(2)
		got := 0
		for i, sql := range []string{
			"BEGIN", "/* retort:flight.ping */ SELECT 1", "/* retort:types */ SELECT 1", "SELECT 1", "savepoint x", "/* retort:session.get */ SELECT 2", "SELECT 3",
		} {
			if second(q(sql)) {
				got = i
			}
		}
		if got != 5 || second(proxy.Message{Type: 'C'}) {
			t.Errorf("it chose number %d", got)
		}
	})
	t.Run("tell_commits_and_begins", func(t *testing.T) {
		t.Parallel()
		for _, tt := range []struct {
			sql           string
			begin, commit bool
		}{
			{"BEGIN ISOLATION LEVEL SERIALIZABLE", true, false},
			{"start transaction", true, false},
			{"/* retort:flight.commit */ COMMIT", false, true},
			{"/* retort:session.read */ COMMIT", false, false},
			{"/* retort:snapshot */ COMMIT", false, false},
			{"SELECT 'BEGIN'", false, false},
			{"BEGINNING", false, false},
			{"/* unclosed", false, false},
			{"", false, false},
		} {
			if retorttest.OnBegin(q(tt.sql)) != tt.begin || retorttest.OnCommit(q(tt.sql)) != tt.commit {
				t.Errorf("%q", tt.sql)
			}
		}
	})
}
