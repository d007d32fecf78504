//go:build unix

package localpg

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestStop_of_a_server_that_does_not_answer(t *testing.T) {
	t.Parallel()
	t.Run("uses_force_when_its_context_is_over_and_says_so", func(t *testing.T) {
		t.Parallel()
		dir := openDir(t)
		s := start(t, Config{DataDir: dir})
		exec1(t, s.URL(""), "CREATE TABLE kept AS SELECT 42 AS n")
		// A postmaster that does not answer: stopped in its tracks.
		pid := s.PID()
		syscall.Kill(pid, syscall.SIGSTOP)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		go func() { time.Sleep(200 * time.Millisecond); syscall.Kill(pid, syscall.SIGCONT) }()
		if err := s.Stop(ctx); err == nil || !strings.Contains(err.Error(), "by force") {
			t.Errorf("error %v", err)
		}
		if !gone(pid, time.Second) {
			t.Error("the server still runs")
		}
		if got := query(t, start(t, Config{DataDir: dir}).URL(""), "SELECT n::text FROM kept"); got != "42" {
			t.Errorf("read %q", got)
		}
	})
}
