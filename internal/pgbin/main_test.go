package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/retort-go/retort/localpg"
)

func TestRun(t *testing.T) {
	t.Run("prints the folder of the programs", func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		if err := run(t.Context(), nil, &stdout, &stderr); err != nil {
			t.Fatal(err)
		}
		dir, ended := strings.CutSuffix(stdout.String(), "\n")
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil || !ended || stderr.Len() > 0 {
			t.Errorf("printed %q and %q, want one line with a bin folder: %v", &stdout, &stderr, err)
		}
	})

	t.Run("says what helps and fetches nothing unasked", func(t *testing.T) {
		t.Setenv("PG_BIN", t.TempDir())
		var stdout, stderr bytes.Buffer
		err := run(t.Context(), nil, &stdout, &stderr)
		var missing *localpg.NotFoundError
		if !errors.As(err, &missing) || !strings.Contains(err.Error(), "DOWNLOAD=1") || stdout.Len() > 0 {
			t.Errorf("printed %q, failed with %v, want a *localpg.NotFoundError that names DOWNLOAD=1", &stdout, err)
		}
	})

	t.Run("is content with no other version", func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		err := run(t.Context(), []string{"-major", "9"}, &stdout, &stderr)
		if err == nil || !strings.Contains(err.Error(), "and 9 is asked for") || stdout.Len() > 0 {
			t.Errorf("printed %q, failed with %v", &stdout, err)
		}
		err = run(t.Context(), []string{"-major", "9", "-download", t.TempDir()}, &stdout, &stderr)
		if err == nil || !strings.Contains(err.Error(), "no PostgreSQL 9 to download") || stdout.Len() > 0 {
			t.Errorf("printed %q, failed with %v", &stdout, err)
		}
	})

	t.Run("refuses what it does not know", func(t *testing.T) {
		var stdout, stderr bytes.Buffer
		if err := run(t.Context(), []string{"-nonsense"}, &stdout, &stderr); err == nil {
			t.Error("no error")
		}
	})
}
