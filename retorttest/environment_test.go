package retorttest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// inner marks this test binary as run by a test of it.
const inner = "RETORTTEST_INNER"

// rerun runs one test of this binary in another process.
func rerun(t *testing.T, test string, env ...string) (output string, ok bool) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), append(env, inner+"=1")...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), err == nil
}

// A test that another one runs.
func TestInner(t *testing.T) {
	if os.Getenv(inner) == "" {
		return
	}
	db := NewDatabase(t, Template{})
	db.Exec(t, "CREATE TABLE evidence()")
	t.Logf("database %s on %s", db.Name(), db.URL())
	if os.Getenv("RETORTTEST_FAIL") != "" {
		t.Error("it failed")
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`database (t_testinner_[0-9a-f]+)`)
	t.Run("RETORT_KEEP_keeps_a_failed_test's_database_and_says_where", func(t *testing.T) {
		t.Parallel()
		tmp, err := os.MkdirTemp("", "retorttest-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(tmp)
		if err := os.Chmod(tmp, 0o755); err != nil {
			t.Fatal(err)
		}
		out, ok := rerun(t, "TestInner", envKeep+"=1", "RETORTTEST_FAIL=1", envURL+"=", "TMPDIR="+tmp)
		if ok || !regexp.MustCompile(`kept database postgres://.*start its server with:\n.*postgres -D `+regexp.QuoteMeta(tmp)).MatchString(out) {
			t.Errorf("it said:\n%s", out)
		}
		if kept, _ := filepath.Glob(filepath.Join(tmp, "retorttest-kept-*", "PG_VERSION")); len(kept) != 1 {
			t.Errorf("kept %v", kept)
		}
	})
	t.Run("RETORT_KEEP_keeps_nothing_when_no_test_failed", func(t *testing.T) {
		t.Parallel()
		tmp, err := os.MkdirTemp("", "retorttest-")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(tmp)
		if err := os.Chmod(tmp, 0o755); err != nil {
			t.Fatal(err)
		}
		if out, ok := rerun(t, "TestInner", envKeep+"=1", envURL+"=", "TMPDIR="+tmp); !ok {
			t.Error(out)
		}
		if kept, _ := filepath.Glob(filepath.Join(tmp, "retorttest-kept-*")); len(kept) != 0 {
			t.Errorf("kept %v", kept)
		}
	})
	t.Run("RETORT_TEST_DATABASE_URL_names_the_server", func(t *testing.T) {
		t.Parallel()
		server := Server(t).URL("")
		out, ok := rerun(t, "TestInner", envURL+"="+server)
		if !ok || !strings.Contains(out, strings.TrimSuffix(server, "/postgres?sslmode=disable")+"/t_testinner") {
			t.Errorf("it said:\n%s", out)
		}
		m := name.FindStringSubmatch(out)
		if m == nil {
			t.Fatalf("no name in:\n%s", out)
		}
		db := NewDatabase(t, Template{})
		if n := db.QueryInt(t, "SELECT count(*) FROM pg_database WHERE datname = $1", m[1]); n != 0 {
			t.Error("it was not dropped")
		}
	})
	t.Run("RETORT_TEST_DATABASE_URL_that_cannot_be_used_is_not_printed", func(t *testing.T) {
		t.Parallel()
		for _, bad := range []string{"host=h password=s3cret", "mysql://u:s3cret@h/", "postgres://u:s3cret@h:port%/"} {
			out, ok := rerun(t, "TestInner", envURL+"="+bad)
			if ok || strings.Contains(out, "s3cret") || !strings.Contains(out, envURL+" is not a postgres:// URL") {
				t.Errorf("%s: it said:\n%s", bad, out)
			}
		}
	})
}
