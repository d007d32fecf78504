package retort_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// brokenVault is a PasswordFunc with a defect.
func brokenVault(context.Context) (string, error) { panic("no vault") }

// TestFunctions_of_Config_that_fail_are_found_in_the_log reads what an operator has.
func TestFunctions_of_Config_that_fail_are_found_in_the_log(t *testing.T) {
	t.Parallel()
	d := retorttest.NewDatabase(t, retorttest.Template{})
	logged := func(cfg retort.Config) string {
		var log lockedBuffer
		cfg.URL, cfg.Logger = d.URL(), slog.New(slog.NewTextHandler(&log, nil))
		eng := open(t, cfg)
		if err := eng.Ping(t.Context()); err == nil {
			t.Error("no error")
		}
		return log.String()
	}

	t.Run("by_a_panic", func(t *testing.T) {
		if log := logged(retort.Config{PasswordFunc: brokenVault}); !strings.Contains(log, "brokenVault") {
			t.Errorf("the log does not say where: %s", log)
		}
	})
	t.Run("by_a_context_of_their_own", func(t *testing.T) {
		for name, cfg := range map[string]retort.Config{
			"PasswordFunc": {PasswordFunc: func(context.Context) (string, error) {
				return "", fmt.Errorf("vault: %w", context.Canceled)
			}},
			"AfterConnect": {AfterConnect: func(context.Context, *pgconn.PgConn) error { return context.Canceled }},
		} {
			if log := logged(cfg); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "connecting failed") {
				t.Errorf("%s: logged %q", name, log)
			}
		}
	})
}
