//go:build unix

package app_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/retorttest"
)

// The session that a README shows is between these lines.
const (
	sessionBegin = "<!-- session:begin -->"
	sessionEnd   = "<!-- session:end -->"
)

// step is one command of a session and what it printed.
type step struct{ command, output string }

// The READMEs show a session with curl. It is run as printed, against a service
// on a database of its own; only ids and times may differ.
func TestSession_of_the_READMEs_works_as_printed(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed; the session needs curl 7.82 or newer")
	}
	for _, readme := range []string{"../README.md", "../../../README.md"} {
		t.Run(filepath.ToSlash(readme), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(readme)
			if errors.Is(err, fs.ErrNotExist) && strings.HasPrefix(readme, "../../") {
				t.Skip("the service is used outside of its repository")
			}
			if err != nil {
				t.Fatal(err)
			}
			steps, err := session(string(text))
			if err != nil {
				t.Fatal(err)
			}
			db := retorttest.NewDatabase(t, retorttest.Template{})
			service := start(t, map[string]string{"DATABASE_URL": db.URL()})
			service.ready()
			for i, got := range play(t, steps, service.url) {
				if diff := cmp.Diff(plain(steps[i].output), plain(got)); diff != "" {
					t.Errorf("$ %s\n(-printed +now):\n%s", steps[i].command, diff)
				}
			}
		})
	}
}

// session reads the steps between the markers: a command begins with "$ " and
// goes on while its line ends in a backslash; the rest is its output.
func session(text string) ([]step, error) {
	_, text, begins := strings.Cut(text, sessionBegin)
	text, _, ends := strings.Cut(text, sessionEnd)
	if !begins || !ends {
		return nil, fmt.Errorf("no session between %s and %s", sessionBegin, sessionEnd)
	}
	var steps []step
	continued := false
	for line := range strings.Lines(text) {
		command, isCommand := strings.CutPrefix(line, "$ ")
		switch {
		case strings.HasPrefix(line, "```"):
		case isCommand:
			steps = append(steps, step{command: command})
			continued = strings.HasSuffix(command, "\\\n")
		case len(steps) == 0:
		case continued:
			steps[len(steps)-1].command += line
			continued = strings.HasSuffix(line, "\\\n")
		default:
			steps[len(steps)-1].output += line
		}
	}
	if len(steps) == 0 {
		return nil, errors.New("the session has no command")
	}
	return steps, nil
}

// play runs all steps in one shell and returns what each printed.
func play(t *testing.T, steps []step, url string) []string {
	t.Helper()
	const between = "\x1e" // no command prints it
	var script strings.Builder
	for _, s := range steps {
		command := strings.ReplaceAll(s.command, "http://127.0.0.1:8000", url)
		fmt.Fprintf(&script, "%s\nprintf '%%s%s' $?\n", strings.TrimSuffix(command, "\n"), between)
	}
	cmd := exec.CommandContext(t.Context(), "sh", "-s")
	cmd.Dir = t.TempDir()
	cmd.Stdin = strings.NewReader(script.String())
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, "LC_ALL=C.UTF-8"} // no .curlrc, no proxy
	raw, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	outputs := strings.Split(strings.TrimSuffix(string(raw), between), between)
	if len(outputs) != len(steps) {
		t.Fatalf("%d outputs of %d commands: %q", len(outputs), len(steps), outputs)
	}
	for i, out := range outputs {
		ok := strings.HasSuffix(out, "0") // its exit status, behind what it printed
		if !ok {
			t.Errorf("$ %s\nended with %s", steps[i].command, out)
		}
		outputs[i] = strings.TrimSuffix(out, "0")
	}
	return outputs
}

var (
	anyTime = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
	anyUUID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	anyNext = regexp.MustCompile(`"next":"[A-Za-z0-9_-]+"`)
)

// plain replaces what differs from run to run.
func plain(text string) string {
	text = anyUUID.ReplaceAllString(anyTime.ReplaceAllString(text, "TIME"), "ID")
	return strings.TrimSpace(anyNext.ReplaceAllString(text, `"next":"CURSOR"`))
}

func TestSession_reads_commands_and_outputs(t *testing.T) {
	t.Parallel()
	text := "before\n$ no\n" + sessionBegin + "\n```console\n$ one \\\n  more\nout\nput\n$ two\n```\n" + sessionEnd + "\n$ no\n"
	got, err := session(text)
	if err != nil {
		t.Fatal(err)
	}
	want := []step{{"one \\\n  more\n", "out\nput\n"}, {"two\n", ""}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(step{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, bad := range []string{"", sessionBegin, sessionBegin + sessionEnd} {
		if _, err := session(bad); err == nil {
			t.Errorf("%q is a session", bad)
		}
	}
}
