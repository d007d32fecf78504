package retort_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

func TestSnapshot(t *testing.T) {
	t.Parallel()
	// One connection: whoever kept it would make all others wait in vain.
	k := retorttest.New(t, retort.NewBase(), func(cfg *retort.Config) { cfg.PoolSize, cfg.MaxOverflow = 1, 0 })
	k.Exec(t, "CREATE TABLE t (id int)")

	t.Run("sees_one_moment_in_one_round_trip", func(t *testing.T) {
		ctx, tally := k.Engine.WithTally(t.Context())
		got, err := k.Engine.Snapshot(
			ctx,
			"SELECT set_config('work_mem', '77kB', true)",
			"SELECT 'none' WHERE false",
			"SELECT current_setting('work_mem'), NULL::text, 'ø'",
			"SELECT id::text FROM generate_series(1, 2) id",
		)
		must(t, err)
		want := [][][]string{{{"77kB"}}, nil, {{"77kB", "", "ø"}}, {{"1"}, {"2"}}}
		if diff := cmp.Diff(want, got); diff != "" || tally.Trips() != 1 {
			t.Errorf("%d round trips, (-want +got)\n%s", tally.Trips(), diff)
		}
		got, err = k.Engine.Snapshot(t.Context(), "SELECT current_setting('work_mem')")
		must(t, err)
		if got[0][0][0] == "77kB" {
			t.Error("the setting outlived its transaction")
		}
	})

	t.Run("of_nothing_costs_nothing", func(t *testing.T) {
		ctx, tally := k.Engine.WithTally(t.Context())
		got, err := k.Engine.Snapshot(ctx)
		if err != nil || len(got) != 0 || tally.Trips() != 0 {
			t.Errorf("%v, %v, %d round trips", got, err, tally.Trips())
		}
	})

	for name, test := range map[string]struct{ sql, want string }{
		"refuses_to_write":                 {"INSERT INTO t VALUES (1)", "25006"},
		"refuses_a_column_that_is_no_text": {"SELECT 1 AS one", "one::text"},
		"refuses_an_empty_statement":       {" ", "empty"},
		"says_what_the_server_says":        {"SELECT nothing FROM nowhere", "42P01"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := k.Engine.Snapshot(t.Context(), "SELECT 'before'", test.sql, "SELECT 'after'")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Snapshot = %v, want %s in it", err, test.want)
			}
		})
	}

	t.Run("ends_with_its_context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := k.Engine.Snapshot(ctx, "SELECT 'x'"); err == nil {
			t.Error("no error")
		}
	})

	t.Run("holds_no_connection_afterwards", func(t *testing.T) {
		_, err := k.Engine.Snapshot(t.Context(), "SELECT 'x'")
		must(t, err)
	})
}
