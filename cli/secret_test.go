package cli_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/cli"
)

// An address of a database that is typed where none belongs is refused, and no
// password of it is repeated.
func TestCommands_repeat_no_address(t *testing.T) {
	t.Parallel()
	dir := strings.NewReplacer(prepared(t)...).Replace("DIR")
	cfg := cli.Config{Name: "app db", Dir: dir}
	commands := cli.New(cfg).Commands()
	if len(commands) < 20 {
		t.Errorf("there are %d commands, there were 20 and more", len(commands))
	}
	for _, address := range []string{"postgres://u:s3cret@h/db", "host=h password=s3cret"} {
		lines := [][]string{{address}, {"upgrade", "--wait", address}, {"upgrade", "--lock-timeout=" + address}, {"heads", "--dir", address}, {"revision", "-m", "x", "--id", address}}
		for _, cmd := range commands {
			lines = append(lines, []string{cmd.Name(), address}, []string{cmd.Name(), "x", address})
		}
		for _, line := range lines {
			for _, more := range [][]string{nil, {"--json"}} {
				args := slices.Concat(line, more)
				code, out, told := typed(t, cfg, args...)
				if code != cli.Misused || strings.Contains(out+told, "s3cret") {
					t.Errorf("%q: exit %d, %s%s", args, code, out, told)
				}
			}
		}
	}
}

// The command to type again after -1 is the one that was typed.
func TestCommands_repeat_steps_back(t *testing.T) {
	t.Parallel()
	cfg := cli.Config{Name: "app db", Dir: strings.NewReplacer(prepared(t)...).Replace("DIR")}
	cfg.Open = func(context.Context) (*retort.Engine, error) { return nil, errors.New("not today") }
	if code, _, told := typed(t, cfg, "downgrade", "-12", "--wait", "5s"); code != cli.Failed || !strings.Contains(told, "next: app db downgrade -12 --wait 5s\n") {
		t.Errorf("exit %d, %s", code, told)
	}
}
