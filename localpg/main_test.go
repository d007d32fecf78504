package localpg

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

// helperEnv makes this test binary another process of a test: it starts a
// server as the JSON in it says, reports on it and waits for its input to end.
const helperEnv = "LOCALPG_TEST_HELPER"

type helperTask struct {
	Config      Config
	KillJanitor bool
}

type helperReport struct {
	Error                  string
	URL, Socket            string
	Server, Janitor        int
	DataDir, RunDir, Owner string
}

func TestMain(m *testing.M) {
	if task := os.Getenv(helperEnv); task != "" {
		os.Exit(help(task))
	}
	goleak.VerifyTestMain(m)
}

func help(text string) int {
	var task helperTask
	if err := json.Unmarshal([]byte(text), &task); err != nil {
		panic(err)
	}
	var report helperReport
	s, err := Start(context.Background(), task.Config)
	if err != nil {
		report.Error = err.Error()
	} else {
		report = helperReport{
			URL: s.URL(""), Socket: s.SocketURL(""), Server: s.PID(), Janitor: s.janitor.cmd.Process.Pid,
			DataDir: s.DataDir(), RunDir: s.place.run, Owner: s.acct.name,
		}
		if task.KillJanitor {
			s.janitor.cmd.Process.Kill()
			s.janitor.cmd.Wait()
		}
	}
	out, _ := json.Marshal(report)
	fmt.Println(string(out))
	_, _ = io.Copy(io.Discard, os.Stdin)
	if s != nil {
		s.Stop(context.Background())
	}
	return 0
}

// helper is another process, with its report.
type helper struct {
	helperReport
	cmd   *exec.Cmd
	stdin io.Closer
}

func runHelper(t *testing.T, task helperTask, change ...func(*exec.Cmd)) *helper {
	t.Helper()
	text, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), helperEnv+"="+string(text))
	cmd.Stderr = os.Stderr
	for _, c := range change {
		c(cmd)
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := &helper{cmd: cmd, stdin: stdin}
	t.Cleanup(func() { h.stdin.Close(); h.cmd.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the helper said nothing: %v", err)
	}
	if err := json.Unmarshal([]byte(line), &h.helperReport); err != nil {
		t.Fatal(err)
	}
	return h
}

// start runs a server that the test need not stop.
func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	s, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// query returns one value as text.
func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var value string
	if err := conn.QueryRow(t.Context(), sql, pgx.QueryExecModeSimpleProtocol).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

func exec1(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// openDir is a folder that the server's user reaches, which t.TempDir is not
// where tests run as root.
func openDir(t *testing.T) string {
	t.Helper()
	return openDirIn(t, "")
}

func openDirIn(t *testing.T, base string) string {
	t.Helper()
	dir, err := os.MkdirTemp(base, "localpg-test-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := removeTree(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// serverUser is whom the servers of this test run as.
func serverUser(t *testing.T) account {
	t.Helper()
	acct, err := serverAccount()
	if err != nil {
		t.Fatal(err)
	}
	return acct
}

// gone waits until a process is no more; a zombie is none. With no time to
// wait it looks once.
func gone(pid int, most time.Duration) bool {
	for begin := time.Now(); ; time.Sleep(5 * time.Millisecond) {
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if !alive(pid) || strings.Contains(string(stat), ") Z ") {
			return true
		}
		if time.Since(begin) >= most {
			return false
		}
	}
}

// controlData asks the cluster itself how it was left.
func controlData(t *testing.T, s Binaries, dataDir string) string {
	t.Helper()
	cmd := exec.Command(s.Path("pg_controldata"), dataDir)
	cmd.Env = serverEnv()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if rest, ok := strings.CutPrefix(line, "Database cluster state:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "unknown"
}

func missing(path string) bool {
	_, err := os.Lstat(path)
	return os.IsNotExist(err)
}
