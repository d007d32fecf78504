package retort_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
)

// TestOutcomes_unconfirmed believes a COMMIT that its standby did not confirm only
// once a later one is confirmed.
func TestOutcomes_unconfirmed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server, err := localpg.Start(ctx, localpg.Config{})
	must(t, err)
	t.Cleanup(func() { must(t, server.Stop(context.Background())) })
	eng, err := retort.Open(retort.Config{URL: server.URL("postgres"), Base: till, Outcomes: outcomes, CommitTimeout: 2 * time.Second})
	must(t, err)
	t.Cleanup(func() { must(t, eng.Close(context.Background())) })
	must(t, till.CreateAll(ctx, eng))
	conn, err := pgx.Connect(ctx, server.URL("postgres"))
	must(t, err)
	t.Cleanup(func() { must(t, conn.Close(context.Background())) })
	standbys := func(names string) {
		for _, sql := range []string{"ALTER SYSTEM SET synchronous_standby_names = '" + names + "'", "SELECT pg_reload_conf()"} {
			_, err := conn.Exec(ctx, sql)
			must(t, err)
		}
	}
	for _, back := range []bool{false, true} {
		standbys("nobody")
		waitFor(t, "the setting", func() bool {
			var names string
			must(t, conn.QueryRow(ctx, "SHOW synchronous_standby_names").Scan(&names))
			return names == "nobody"
		})
		pay := func() (*retort.Session, chan error) {
			s, told := eng.Session(), make(chan error, 1)
			s.Add(&Payment{})
			go func() { told <- s.Commit(ctx) }() //retortvet:ignore session the goroutine has it until told is read
			return s, told
		}
		s, told := pay()
		waitFor(t, "COMMIT to wait for its standby, and to be told not to", func() bool {
			select {
			case err := <-told: // before the checkpointer had passed the setting on
				must(t, err)
				must(t, s.Close(ctx))
				s, told = pay()
			default:
			}
			var n int
			must(t, conn.QueryRow(ctx, "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'").Scan(&n))
			return n > 0
		})
		if back {
			standbys("")
		}
		if err := <-told; back && err != nil || !back && !errors.Is(err, retort.ErrCommitUnknown) {
			t.Errorf("the standby is back %t, and Commit says %v", back, err)
		}
		standbys("")
		must(t, s.Close(ctx))
	}
}
