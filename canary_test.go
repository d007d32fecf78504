package retort_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/retort-go/retort"
)

// TestSuiteNeverShowsThePassword runs the tests of this package that connect once
// more, with a password in every place where libpq looks for one, and reads all
// that they print. The script .ci/canary does it with every package.
func TestSuiteNeverShowsThePassword(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	must(t, err)
	file := filepath.Join(t.TempDir(), "pgpass")
	must(t, os.WriteFile(file, []byte("*:*:*:*:"+canary+"\n"), 0o600))
	run := func(tests string, more ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, "-test.v", "-test.run", tests, "-test.timeout", "100s")
		cmd.Env = append(append(os.Environ(), "PGPASSWORD="+canary, "PGSSLPASSWORD="+canary, "PGPASSFILE="+file), more...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %s", err, strings.ReplaceAll(string(out), canary, "(the canary)"))
		}
		return string(out)
	}
	out := run("^(TestURL|TestConfig|TestOpen|TestPasswordCanary|TestKeyword|TestSessionStates|TestQuery|TestEcho|TestObserver|TestTarget)")
	if n := strings.Count(out, canary); n > 0 {
		t.Errorf("the password is seen %d times: %s", n, out)
	}
	if n := strings.Count(out, "--- PASS"); n < 50 {
		t.Errorf("only %d tests ran: this proves little", n)
	}
	// The control: the password is there, and a leak is found.
	if out := run("^TestCanaryLeaks$", "RETORT_CANARY_LEAKS=1"); !strings.Contains(out, canary) {
		t.Errorf("a leak on purpose is not found: %s", out)
	}
}

// TestCanaryLeaks shows the password that the environment gives, when it is told to.
func TestCanaryLeaks(t *testing.T) {
	if os.Getenv("RETORT_CANARY_LEAKS") == "" {
		t.Skip("for TestSuiteNeverShowsThePassword and .ci/canary")
	}
	t.Log(retort.PasswordOf("postgres://u@h/x"))
}
