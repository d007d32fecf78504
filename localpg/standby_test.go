package localpg

import (
	"strings"
	"testing"
	"time"
)

func TestStandby(t *testing.T) {
	t.Parallel()
	t.Run("follows_is_promoted_and_the_old_primary_demoted", func(t *testing.T) {
		t.Parallel()
		primary := start(t, Config{})
		exec1(t, primary.URL(""), "CREATE TABLE t AS SELECT 1 AS n")
		standby, err := primary.Standby(t.Context(), Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = standby.Stop(t.Context()) })
		if got := query(t, standby.URL(""), "SELECT pg_is_in_recovery() || ' ' || n FROM t"); got != "true 1" {
			t.Fatalf("the standby says %q", got)
		}
		// It follows, and commits can wait for it by its name.
		exec1(t, primary.URL(""), "ALTER SYSTEM SET synchronous_standby_names = 'standby'")
		exec1(t, primary.URL(""), "SELECT pg_reload_conf()")
		exec1(t, primary.URL(""), "INSERT INTO t VALUES (2)")
		for deadline := time.Now().Add(time.Minute); query(t, standby.URL(""), "SELECT count(*)::text FROM t") != "2"; {
			if time.Now().After(deadline) {
				t.Fatal("the standby does not follow")
			}
			time.Sleep(10 * time.Millisecond)
		}
		if got := query(t, primary.URL(""), "SELECT string_agg(application_name || ' ' || state, ',') FROM pg_stat_replication"); got != "standby streaming" {
			t.Errorf("the primary knows of %q", got)
		}

		if err := primary.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := standby.Promote(t.Context()); err != nil {
			t.Fatal(err)
		}
		exec1(t, standby.URL(""), "INSERT INTO t VALUES (3)") // at once
		if err := standby.Promote(t.Context()); err != nil {
			t.Errorf("promoted again: %v", err)
		}

		if err := primary.Demote(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := query(t, primary.URL(""), "SELECT pg_is_in_recovery()::text || ' ' || current_setting('transaction_read_only')"); got != "true on" {
			t.Errorf("the old primary says %q", got)
		}
	})
	t.Run("needs_servers_that_run", func(t *testing.T) {
		t.Parallel()
		s := start(t, Config{})
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Standby(t.Context(), Config{}); err == nil || !strings.Contains(err.Error(), "Restart") {
			t.Errorf("a copy of nothing: %v", err)
		}
		if err := s.Promote(t.Context()); err == nil || !strings.Contains(err.Error(), "Restart") {
			t.Errorf("promoted a dead server: %v", err)
		}
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Demote(t.Context()); err == nil {
			t.Error("demoted a stopped server")
		}
	})
}
