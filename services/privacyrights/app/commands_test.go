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
	return dbCommand(t, []string{"DATABASE_URL=" + url}, args...)
}

func dbCommand(t *testing.T, env []string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{"db"}, args...)...)
	cmd.Env = append(append(os.Environ(), asCommand+"=1"), env...)
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

// The embedded server belongs to one process: a command beside `make demo` says what
// to do about it.
func TestCommands_beside_the_running_service_say_to_stop_it(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	demo := start(t, map[string]string{"DATA_DIR": dir})
	demo.ready()
	out, code := dbCommand(t, []string{"DATABASE_URL=", "DATA_DIR=" + dir}, "current")
	if code == 0 || !strings.Contains(out, "stop `make demo` first (Ctrl-C), or name its database by DATABASE_URL") || !strings.Contains(out, "is in use by process") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if err := demo.stop(); err != nil {
		t.Error(err)
	}
	if out, code := dbCommand(t, []string{"DATABASE_URL=", "DATA_DIR=" + dir}, "current", "--check-heads"); code != 0 || !strings.Contains(out, "0001") {
		t.Errorf("without it: exit code %d\n%s", code, out)
	}
}

// What `db doctor` says of connections is about the service, whose pool has its own
// size, and not about the command's few.
func TestCommands_doctor_counts_the_connections_of_the_service(t *testing.T) {
	t.Parallel()
	db := retorttest.NewDatabase(t, retorttest.Template{})
	env := []string{"DATABASE_URL=" + db.URL(), "POOL_SIZE=11", "MAX_OVERFLOW=22"}
	if out, _ := dbCommand(t, env, "doctor", "--pods", "2"); !strings.Contains(out, "2 × (11 + 22)") {
		t.Errorf("no word of 2 × (11 + 22):\n%s", out)
	}
}
