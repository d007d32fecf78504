package app_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/retort-go/retort/retorttest"
)

// privacyrights runs the command itself, behind "db".
func privacyrights(t *testing.T, url string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{"db"}, args...)...)
	cmd.Env = append(os.Environ(), asCommand+"=1", "DATABASE_URL="+url)
	cmd.Dir = t.TempDir()
	out, _ := cmd.CombinedOutput()
	return string(out), cmd.ProcessState.ExitCode()
}

// The shipped binary upgrades its database alone, with no file beside it.
func TestCommands(t *testing.T) {
	t.Parallel()
	db := retorttest.NewDatabase(t, retorttest.Template{})
	for _, step := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"current", "--check-heads"}, "nothing was ever applied", 3},
		{[]string{"upgrade"}, "upgraded one revision: 0001", 0},
		{[]string{"current", "--check-heads"}, "0001", 0},
		{[]string{"check", "--no-drift"}, "all good", 0},
		{[]string{"nonsense"}, `there is no command "nonsense"`, 2},
	} {
		out, code := privacyrights(t, db.URL(), step.args...)
		if code != step.code || !strings.Contains(out, step.want) {
			t.Errorf("db %q: exit code %d, want %d with %q in\n%s", step.args, code, step.code, step.want, out)
		}
	}
	if n := db.QueryInt(t, "SELECT count(*) FROM dsr_requests"); n != 0 {
		t.Errorf("%d requests in a new database", n)
	}
}
