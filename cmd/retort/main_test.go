package main

import (
	"testing"

	"github.com/retort-go/retort/cli"
	"github.com/retort-go/retort/retorttest"
)

func TestMain(m *testing.M) { retorttest.Main(m) }

// The command works on files, and on the database that is named to it.
func TestRun(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	db := retorttest.NewDatabase(t, retorttest.Template{})
	for _, step := range []struct {
		args []string
		want int
	}{
		{[]string{"heads", "--dir", t.TempDir()}, cli.Done},
		{[]string{"doctor"}, cli.Failed},
		{[]string{"doctor", "--json", "--url", db.URL()}, cli.Done},
		{[]string{"doctor", "--url", "postgres://nobody@127.0.0.1:1/nowhere?sslmode=disable"}, cli.Unreachable},
		{[]string{"nonsense"}, cli.Misused},
	} {
		if got := run(t.Context(), step.args); got != step.want {
			t.Errorf("retort %q: exit code %d, want %d", step.args, got, step.want)
		}
	}
}
