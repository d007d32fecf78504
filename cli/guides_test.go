package cli_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/retorttest"
)

// guides are the documents whose sessions are run.
var guides = []string{"migrations-team.md", "zero-downtime.md", "adopting.md", "from-alembic.md"}

// The sessions of the guides are run from top to bottom, in a folder and a
// database of their own, and print what the guide shows.
func TestGuides(t *testing.T) {
	t.Parallel()
	for _, name := range guides {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("..", "docs", "guides", name))
			if err != nil {
				t.Fatal(err)
			}
			steps := readGuide(string(text))
			if n := len(slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return s.command == "" })); n < 5 {
				t.Fatalf("%d commands: the search is broken", n)
			}
			s := newSession(t)
			problems := s.play(t, steps)
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(filepath.Join("..", "docs", "guides", name), []byte(s.updated(string(text))), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			for _, problem := range problems {
				t.Errorf("docs/guides/%s%s", name, problem)
			}
		})
	}
}

// The control: a guide that shows what is not printed is found.
func TestGuides_finds_what_is_wrong(t *testing.T) {
	t.Parallel()
	guide := "<!-- file: revisions/a1.sql -->\n```sql\n-- revision: a1\n-- parents:\n-- +up\n```\n" +
		"```console\n$ files heads\nREVISION  PARENTS  CREATED  MESSAGE\na1                                  head, base\n$ files show nothing\n```\n"
	steps := readGuide(guide)
	if len(steps) != 3 {
		t.Fatalf("%d steps of 3: %+v", len(steps), steps)
	}
	got := newSession(t).play(t, steps)
	if len(got) != 1 || !strings.Contains(got[0], ":11: files show nothing") || !strings.Contains(got[0], "no revision is meant") {
		t.Errorf("problems %q", got)
	}
}

// step is one thing that a guide does.
type step struct {
	line    int
	command string // of a console block
	output  string // what the guide says it prints
	file    string // or a file, and its text
	text    string
	env     string // or a setting of the environment
}

var directive = regexp.MustCompile(`^<!-- (file|env|run|id): (.+) -->$`)

// readGuide takes a document apart: console blocks, and what comments say that
// only the test sees: "file: NAME" before a block that is a file, "env: NAME=VALUE",
// "run: COMMAND" for what a reader does elsewhere, "id: ID" for the id that the next
// revision gets, which a reader's gets by chance.
func readGuide(text string) []step {
	var steps []step
	var fence, file, id string
	for i, line := range strings.Split(text, "\n") {
		mark, fenced := strings.CutPrefix(line, "```")
		last := len(steps) - 1
		switch {
		case fence == "" && fenced:
			fence = mark
			if file != "" {
				steps = append(steps, step{line: i + 1, file: file})
			}
		case fenced:
			fence, file = "", ""
		case fence == "":
			if found := directive.FindStringSubmatch(line); found != nil {
				switch found[1] {
				case "file":
					file = found[2]
				case "env":
					steps = append(steps, step{line: i + 1, env: found[2]})
				case "id":
					id = found[2]
				case "run":
					steps = append(steps, step{line: i + 1, command: found[2], output: "*"})
				}
			}
		case file != "":
			steps[last].text += line + "\n"
		case fence == "console":
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				if id != "" && (strings.Contains(command, " db revision") || strings.Contains(command, " db merge")) {
					command, id = command+" --id "+id, ""
				}
				steps = append(steps, step{line: i + 1, command: command})
			} else if last >= 0 {
				steps[last].output += line + "\n"
			}
		}
	}
	return steps
}

// session runs a guide.
type session struct {
	name    string // of the database, "shop" in the guides
	dir     string
	env     []string
	printed map[int]string // by the line of the command
}

func newSession(t *testing.T) *session {
	t.Helper()
	db := retorttest.NewDatabase(t, retorttest.Template{})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The programs are this test binary under other names, as testscript.Main does it.
	bin := t.TempDir()
	for _, name := range []string{"shop", "app", "files", "retort"} {
		if err := os.Symlink(self, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	postgres, err := localpg.Find("")
	if err != nil {
		t.Fatal(err)
	}
	s := &session{dir: t.TempDir(), name: db.Name(), printed: map[int]string{}, env: append(os.Environ(),
		"PATH="+bin+string(filepath.ListSeparator)+postgres.Dir+string(filepath.ListSeparator)+os.Getenv("PATH"),
		"DATABASE_URL="+db.URL(), "SCRATCH_URL="+db.URL(), "NO_COLOR=1", "CI=true",
		"NAME="+db.Name(), "EMPTY_URL="+strings.Replace(db.URL(), db.Name(), db.Name()+"_empty", 1))}
	t.Cleanup(func() {
		maintenance, err := pgx.Connect(context.Background(), retorttest.Server(t).URL("postgres"))
		if err != nil {
			t.Error(err)
			return
		}
		defer maintenance.Close(context.Background())
		if _, err := maintenance.Exec(context.Background(), `DROP DATABASE IF EXISTS "`+db.Name()+`_empty" WITH (FORCE)`); err != nil {
			t.Error(err)
		}
	})
	return s
}

// play does the steps and lists what came out otherwise.
func (s *session) play(t *testing.T, steps []step) []string {
	t.Helper()
	var problems []string
	for _, st := range steps {
		switch {
		case st.env != "":
			s.env = append(s.env, st.env)
		case st.file != "":
			name := filepath.Join(s.dir, filepath.FromSlash(st.file))
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(st.text), 0o600); err != nil {
				t.Fatal(err)
			}
		default:
			got := s.run(st.command)
			s.printed[st.line] = got
			if st.output != "*" {
				if diff := cmp.Diff(blurred(st.output), blurred(got)); diff != "" {
					problems = append(problems, ":"+strconv.Itoa(st.line)+": "+st.command+" (-guide +printed):\n"+diff+"\nprinted:\n"+got)
				}
			}
		}
	}
	return problems
}

// run runs one command line in a shell, both streams together.
func (s *session) run(command string) string {
	cmd := exec.CommandContext(context.Background(), "sh", "-c", command)
	cmd.Dir, cmd.Env = s.dir, s.env
	out, _ := cmd.CombinedOutput() // the exit code is shown where it matters
	return strings.ReplaceAll(string(out), s.name, "shop")
}

// updated is the guide with what was printed, by UPDATE=1: read the difference.
func (s *session) updated(text string) string {
	var out strings.Builder
	console, skip := false, false
	for i, line := range strings.SplitAfter(text, "\n") {
		mark, fenced := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "```")
		if fenced {
			console, skip = mark == "console", false
		}
		command := console && strings.HasPrefix(line, "$ ")
		if skip && !command {
			continue
		}
		out.WriteString(line)
		if skip = command; skip {
			out.WriteString(s.printed[i+1])
		}
	}
	return out.String()
}

var (
	durations = regexp.MustCompile(`\b(\d+(\.\d+)?(ms|s|m))+\b`)
	dates     = regexp.MustCompile(`\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z?)?`)
	gaps      = regexp.MustCompile(` {2,}`)
)

// blurred leaves out what differs from run to run.
func blurred(text string) string {
	text = durations.ReplaceAllString(text, "(time)")
	text = dates.ReplaceAllString(text, "(date)")
	return strings.TrimSpace(gaps.ReplaceAllString(text, "  "))
}
