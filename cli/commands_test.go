package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/cli"
	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/retorttest"
)

// lines are what is typed of each command, in an order that works: DIR is a folder
// with the revision a1, FORK one with two heads, NEW and GOOSE are other folders.
var lines = []string{
	"init --dir NEW", "heads --dir DIR", "history --dir DIR", "branches --dir FORK", "show a1 --dir DIR", "merge heads --dir FORK -m joined", "lint --dir DIR",
	"sql --dir DIR", "roles shop_owner shop_app", "manifest PARTS -o PARTS/all.json", "completion bash", "plan --dir DIR", "upgrade --dir DIR", "current --dir DIR",
	"check --dir DIR", "downgrade -1 --dir DIR", "stamp a1 --dir DIR", "repair --dir DIR", "doctor --dir DIR", "inspect", "erd",
	"revision -m by-hand --id b2 --dir DIR", "squash --dir DIR", "adopt goose GOOSE --dir ADOPTED",
}

// Every command has help with its flags, answers in JSON, and fails in JSON.
func TestCommands(t *testing.T) {
	t.Parallel()
	db := retorttest.NewDatabase(t, retorttest.Template{})
	cfg := cli.Config{
		Name: "app db", Base: retort.NewBase(), Autogenerate: autogenerate.Config{ScratchURL: db.URL()},
		Open: func(context.Context) (*retort.Engine, error) { return retort.Open(retort.Config{URL: db.URL()}) },
	}
	folders := strings.NewReplacer(prepared(t)...)
	left := map[string]bool{}
	for _, c := range cli.New(cfg).Commands() {
		left[c.Name()] = true
	}
	for _, line := range lines {
		args := strings.Fields(folders.Replace(line))
		delete(left, args[0])
		code, text, told := typed(t, cfg, append(args, "--json")...)
		if code != cli.Done || told != "" || !document(text) {
			t.Errorf("%s --json: exit code %d, it prints %q and %q", line, code, text, told)
		}
		if len(text) > 0 && strings.Contains(text, "\x1b") {
			t.Errorf("%s --json colors its answer", line)
		}
		code, text, told = typed(t, cfg, args[0], "--help")
		if code != cli.Done || told != "" || !strings.Contains(text, "Usage:\n  app db "+args[0]) || !strings.Contains(text, "--json ") {
			t.Errorf("%s --help: exit code %d, it prints %q and %q", args[0], code, text, told)
		}
		code, text, told = typed(t, cfg, args[0], "--json", "--nonsense")
		var failed struct {
			Error string
			Exit  int
			Next  []string
		}
		if err := json.Unmarshal([]byte(text), &failed); err != nil || code != cli.Misused || failed.Exit != code || failed.Error == "" || told != "" ||
			strings.Join(failed.Next, ",") != "app db "+args[0]+" --help" {
			t.Errorf("%s --json --nonsense: exit code %d, it prints %q and %q", args[0], code, text, told)
		}
	}
	for name := range left {
		t.Errorf("nobody has typed %s", name)
	}
}

// prepared makes the folders of lines.
func prepared(tb testing.TB) []string {
	tb.Helper()
	root := tb.TempDir()
	for name, text := range map[string]string{
		"DIR/a1.sql":              "-- revision: a1\n-- parents:\n\n-- +up\nCREATE TABLE one (id int);\n\n-- +down\nDROP TABLE one;\n",
		"FORK/a1.sql":             "-- revision: a1\n-- parents:\n\n-- +up\n",
		"FORK/b2.sql":             "-- revision: b2\n-- parents: a1\n\n-- +up\n",
		"FORK/c3.sql":             "-- revision: c3\n-- parents: a1\n\n-- +up\n",
		"GOOSE/00001_x.sql":       "-- +goose Up\nCREATE TABLE two (id int);\n",
		"PARTS/one.manifest.json": `{"format": 1, "statements": []}`,
		"NEW/README":              "",
		"ADOPTED/README":          "",
	} {
		file := filepath.Join(root, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			tb.Fatal(err)
		}
	}
	var pairs []string
	for _, name := range []string{"DIR", "FORK", "GOOSE", "PARTS", "NEW", "ADOPTED"} {
		pairs = append(pairs, name, filepath.Join(root, name))
	}
	return pairs
}

// typed runs one command line in this process.
func typed(tb testing.TB, cfg cli.Config, args ...string) (code int, out, told string) {
	tb.Helper()
	var stdout, stderr bytes.Buffer
	cmd := cli.New(cfg)
	cmd.SetIn(strings.NewReader(""))
	cmd.SetOut(&stdout)
	cmd.SetErr(&stderr)
	code = cli.Run(tb.Context(), cmd, args...)
	return code, stdout.String(), stderr.String()
}

// document reports whether text is one JSON document and nothing else.
func document(text string) bool {
	in := json.NewDecoder(strings.NewReader(text))
	var first, second map[string]any
	return in.Decode(&first) == nil && errors.Is(in.Decode(&second), io.EOF)
}

// What a shell is told completes the commands where they are: alone, picked out by a
// program of its own, or below the root of a program that has cobra commands.
func TestCommands_complete(t *testing.T) {
	t.Parallel()
	dir := strings.NewReplacer(prepared(t)...).Replace("DIR")
	for name, test := range map[string]struct {
		cfg    cli.Config
		below  string // a root of the program's own
		script string // what the script is for
		ask    string // what the script asks, and what it gets
		want   string
	}{
		"alone":                      {cli.Config{Name: "retort", Dir: dir}, "", "_retort retort\n", "__complete sho", "show"},
		"without_a_name":             {cli.Config{Dir: dir}, "", "_db db\n", "__complete show ", "a1"},
		"picked_out":                 {cli.Config{Name: "app db", Dir: dir}, "", "_app app\n", "__complete db show ", "a1"},
		"picked_out_and_not_ours":    {cli.Config{Name: "app db", Dir: dir}, "", "_app app\n", "__complete serve --p", ":0"},
		"below_the_program's_root":   {cli.Config{Dir: dir}, "prog", "_prog prog\n", "__complete db upgrade ", "a1"},
		"a_shell":                    {cli.Config{Name: "app db", Dir: dir}, "", "_app app\n", "__complete db completion z", "zsh"},
		"a_rule":                     {cli.Config{Name: "app db", Dir: dir}, "", "_app app\n", "__complete db lint --off trun", "truncate"},
		"a_tool":                     {cli.Config{Name: "app db", Dir: dir}, "", "_app app\n", "__complete db adopt a", "alembic"},
		"a_parent":                   {cli.Config{Name: "app db", Dir: dir}, "", "_app app\n", "__complete db revision --parent ", "a1"},
		"nothing_behind_the_last":    {cli.Config{Name: "app db", Dir: dir}, "", "_app app\n", "__complete db show a1 ", ":4"},
		"words_where_nothing_can_be": {cli.Config{Name: "app db", Dir: filepath.Join(dir, "none")}, "", "_app app\n", "__complete db upgrade ", "head"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := func(args ...string) string {
				var out bytes.Buffer
				cmd := cli.New(test.cfg)
				if test.below != "" {
					root := &cobra.Command{Use: test.below}
					root.AddCommand(cmd)
					cmd = root
					if args[0] != cobra.ShellCompRequestCmd {
						args = append([]string{"db"}, args...)
					}
				}
				cmd.SetOut(&out)
				cmd.SetErr(io.Discard)
				if code := cli.Run(t.Context(), cmd, args...); code != cli.Done {
					t.Errorf("%q: exit code %d", args, code)
				}
				return out.String()
			}
			if got := run("completion", "zsh"); !strings.Contains(got, "compdef "+test.script) {
				t.Errorf("the script is for another program:\n%.200s", got)
			}
			got := run(strings.Split(test.ask, " ")...)
			first, _, _ := strings.Cut(strings.SplitN(got, "\n", 2)[0], "\t")
			if first != test.want && !strings.Contains(got, "\n"+test.want+"\t") && !strings.Contains(got, "\n"+test.want+"\n") {
				t.Errorf("%s: it offers %q, want %q", test.ask, got, test.want)
			}
		})
	}
}
